/*
A field for a script: several lines with numbers and colours.

    scriptField({value, name, label, changed}) → element

The colours lie below the text, which stays an ordinary field: screen readers, undo and spelling work
as everywhere.
*/

import {element} from "../dom.js";

const TOKENS = [
    ["expression", /\{\{.*?(?:\}\}|$)/],
    ["text", /"(?:\\.|[^"\\])*"?|'[^']*'?/],
    ["comment", /(?<=^|\s)#.*$/],
    ["word", /\b(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|in|function|return)\b/],
];
const PATTERN = new RegExp(
    TOKENS.map(([name, {source}]) => `(?<${name}>${source})`).join("|"),
    "g",
);
const EXPRESSION = /\{\{.*?(?:\}\}|$)/g;

export const scriptField = ({value, name, label, changed}) => {
    const below = element("pre", {"aria-hidden": "true"});
    const area = element("textarea", {
        name,
        value,
        rows: 1,
        spellcheck: false,
        autocapitalize: "off",
        wrap: "off",
        "aria-label": label,
        "data-completes": "expression",
        "data-field": "payload",
        oninput: () => {
            paint();
            changed(area.value);
        },
    });
    const paint = () => {
        below.replaceChildren(...area.value.split("\n").map(line));
    };
    paint();
    return element("div", {className: "script-field"}, below, area);
};

const line = (text) => element("span", {className: "line"}, tokens(text), "\n");

const tokens = (text) => {
    const parts = [];
    let at = 0;
    for (const {0: found, index, groups} of text.matchAll(PATTERN)) {
        const kind = Object.keys(groups).find((each) => groups[each] !== undefined);
        parts.push(text.slice(at, index));
        parts.push(kind === "text" ? textWithExpressions(found) : token(kind, found));
        at = index + found.length;
    }
    return [...parts, text.slice(at)];
};

const token = (kind, text) => element("span", {className: `token-${kind}`}, text);

const textWithExpressions = (text) => {
    const parts = [];
    let at = 0;
    for (const {0: found, index} of text.matchAll(EXPRESSION)) {
        parts.push(text.slice(at, index), token("expression", found));
        at = index + found.length;
    }
    return element("span", {className: "token-text"}, parts, text.slice(at));
};
