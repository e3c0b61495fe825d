/*
How large everything in the grid is: wide pages show 25 runs, a phone the last seven.

    measure(width, data, rows) → {width, columns, first, pitch, square, x(column), y(row), …}
*/

const MOST_ROWS_AT_EASE = 60; /* more of them are closer together */
const LONGEST_NAME = 34;
const LETTER = 6.6; /* the average width of a letter of a name */
const FEWEST_COLUMNS = 7;
const FAILURES = 44;
const USUAL = 62;

export const measure = (hostWidth, {runs, steps}, rows) => {
    const isDense = rows.length > MOST_ROWS_AT_EASE;
    const square = isDense ? {width: 20, height: 11} : {width: 20, height: 20};
    const rowPitch = isDense ? 14 : 28;
    const longest = Math.max(8, ...steps.map(([step]) => step.length));
    const wanted = Math.min(LONGEST_NAME, longest) * LETTER + 12;
    const isNarrow = hostWidth < 560;
    const usual = isNarrow ? 48 : USUAL;
    const axis = Math.max(wanted, isNarrow ? 0 : 96);
    const fewest = Math.min(FEWEST_COLUMNS, runs.length);
    const label = Math.min(axis, Math.max(70, hostWidth - FAILURES - usual - fewest * 24));
    const left = label + FAILURES;
    const room = hostWidth - left - usual;
    const columns = Math.max(fewest, Math.min(runs.length, Math.floor(room / 24)));
    const pitch = Math.max(24, Math.min(30, Math.floor(room / columns)));
    const barsHeight = 104;
    return {
        width: Math.max(hostWidth, left + columns * pitch + usual),
        columns,
        first: runs.length - columns,
        pitch,
        rowPitch,
        square,
        gap: rowPitch - square.height,
        barsHeight,
        bodyHeight: rows.length * rowPitch + 34,
        x: (column) => left + column * pitch,
        y: (row) => row * rowPitch + (rowPitch - square.height) / 2,
        cut: (name) => cut(name, Math.floor((label - 12) / LETTER)),
        short,
        day,
    };
};

const cut = (text, most) =>
    text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;

/* "80 ms", "2.5 s", "0:45", "3:20", "2:05 h", as `short_duration` in `phrases.py`. */
const short = (seconds) => {
    if (seconds < 0.95) {
        return `${Math.round(seconds * 1000)} ms`;
    }
    if (seconds < 9.95) {
        return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds);
    const [amount, unit] = whole < 3600 ? [whole, ""] : [Math.round(seconds / 60), " h"];
    return `${Math.floor(amount / 60)}:${String(amount % 60).padStart(2, "0")}${unit}`;
};

const DAY = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short"});

export const day = (seconds) => DAY.format(new Date(seconds * 1000));
