/*
Values that people type. 5, true, null, [1] and {"a": 1} are what they are in JSON; anything else is
text, and so is "5" in quotes.

    jsonOf(text) → value        textOf(value) → text        typeOf(value) → a word for people
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
