/*
What programs print to a terminal, as text with classes: never a colour that a log has chosen itself.

    visible(raw)            the line as a terminal shows it in the end: what "\r" has overwritten is gone
    strip(text)             the text alone
    parts(text, style)      {parts: [{text, classes}], style}: the style at the end of the line, which the
                            next one begins with; PLAIN before the first

Colours and bold text remain; everything else that moves a cursor or rings a bell is left out.
*/

const ESC = "\u001b";
const BELL = "\u0007";
const ESCAPE = new RegExp(
    `${ESC}(?:\\[([0-?]*)[ -/]*([@-~])|\\][^${BELL}${ESC}\\n]*(?:${BELL}|${ESC}\\\\)?|[@-Z\\\\^_])`,
    "g",
);
/* Black, red, green, yellow, blue, magenta, cyan, white. */
const HUES = ["quiet", "bad", "good", "stopped", "active", "waiting", "active", "fg"];
const GREY = 40;
const DARK = 140;

export const PLAIN = Object.freeze({});

export const visible = (raw) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    return line.slice(line.lastIndexOf("\r") + 1);
};

export const strip = (text) => (text.includes(ESC) ? text.replace(ESCAPE, "") : text);

export const isStyled = (text) => text.includes(ESC);

export const parts = (text, style) => {
    const pieces = [];
    let now = style;
    let end = 0;
    const add = (piece) => piece && pieces.push({text: piece, classes: classesOf(now)});
    for (const found of text.matchAll(ESCAPE)) {
        add(text.slice(end, found.index));
        end = found.index + found[0].length;
        if (found[2] === "m") {
            now = changed(now, found[1].split(/[;:]/).map(Number));
        }
    }
    add(text.slice(end));
    return {parts: pieces, style: now};
};

const classesOf = ({hue, ground, ...flags}) =>
    [
        hue && `hue-${hue}`,
        ground && `ground-${ground}`,
        ...Object.keys(flags).map((name) => flags[name] && `is-${name}`),
    ]
        .filter(Boolean)
        .join(" ");

const FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underlined", 7: "inverse"};
const ENDS = {22: ["bold", "dim"], 23: ["italic"], 24: ["underlined"], 27: ["inverse"]};

/* The style after a sequence of codes: 0 ends all, 31 is red, 1 bold, 38;5;196 one of 256 colours. */
const changed = (style, codes) => {
    let next = {...style};
    for (let i = 0; i < codes.length; i += 1) {
        const code = codes[i];
        if (code === 0) {
            next = {};
        } else if (code in FLAGS) {
            next[FLAGS[code]] = true;
        } else if (code in ENDS) {
            for (const name of ENDS[code]) {
                delete next[name];
            }
        } else if (code === 38 || code === 48) {
            const [hue, read] = extended(codes.slice(i + 1));
            next[code === 38 ? "hue" : "ground"] = hue;
            i += read;
        } else {
            Object.assign(next, simple(code));
        }
    }
    return next;
};

const simple = (code) => {
    const ten = Math.floor(code / 10);
    const hue = code % 10 === 9 ? undefined : HUES[code % 10];
    if (ten === 3 || ten === 9) {
        return {hue};
    }
    return ten === 4 || ten === 10 ? {ground: hue} : {};
};

const extended = ([kind, ...values]) => {
    if (kind === 5) {
        return [hueOfIndex(values[0]), 2];
    }
    return kind === 2 ? [hueOfRgb(values.slice(0, 3)), 4] : [undefined, 1];
};

const hueOfIndex = (index) => {
    if (index < 16) {
        return HUES[index % 8];
    }
    if (index >= 232) {
        return index < 244 ? "quiet" : "fg";
    }
    const cube = index - 16;
    return hueOfRgb([36, 6, 1].map((size) => (Math.floor(cube / size) % 6) * 51));
};

const hueOfRgb = (rgb) => {
    const [most, least] = [Math.max(...rgb), Math.min(...rgb)];
    if (most - least < GREY) {
        return most < DARK ? "quiet" : "fg";
    }
    const [red, green, blue] = rgb.map((amount) => Number(amount > (most + least) / 2));
    return HUES[red + 2 * green + 4 * blue];
};
