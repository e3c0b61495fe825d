/*
Values that people type. 5, true, null, [1] and {"a": 1} are what they are in JSON; anything else is
text, and so is "5" in quotes.

    jsonOf(text) → value        textOf(value) → text        typeOf(value) → a word for people
    secondsIn(text) → seconds; null for an empty text, 0 for one that is no amount of time
    amountOf(seconds) → "15 min", which secondsIn reads
*/

import {parse} from "./json.js";

export const jsonOf = (text) => {
    try {
        return parse(text);
    } catch {
        return text;
    }
};

export const textOf = (value) => {
    const isPlainText = typeof value === "string" && jsonOf(value) === value;
    return isPlainText ? value : JSON.stringify(value);
};

export const typeOf = (value) => {
    if (value === null) {
        return "null";
    }
    if (Array.isArray(value)) {
        return "list";
    }
    if (JSON.isRawJSON?.(value)) {
        return "number";
    }
    return {string: "text", boolean: "yes/no"}[typeof value] ?? typeof value;
};

const UNITS = {h: 3600, min: 60, m: 60, s: 1, "": 1};
const AMOUNT = /^(?:\s*\d+\s*(?:h|min|m|s|$))+\s*$/;

export const secondsIn = (text) => {
    if (!text.trim()) {
        return null;
    }
    if (!AMOUNT.test(text)) {
        return 0;
    }
    const parts = text.matchAll(/(\d+)\s*(h|min|m|s|)/g);
    return [...parts].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
};

export const amountOf = (seconds) => {
    const parts = [
        [Math.floor(seconds / 3600), "h"],
        [Math.floor(seconds / 60) % 60, "min"],
        [seconds % 60, "s"],
    ];
    const shown = parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`);
    return shown.join(" ") || "0";
};
