/*
Fields of a payload that several kinds of work share.

    labelled(text, input, help)         an input with its label
    pairs(step, set, {…})               rows of names and values, such as the environment
    namedArguments(step, set, legend)   the arguments of a function
    argumentRows({…})                   rows of values in order
*/

import {element, freshId} from "../dom.js";
import {isObject} from "./json.js";
import {valueRows} from "./rows.js";
import {jsonOf, textOf, typeOf} from "./values.js";

export const labelled = (text, input, help) => {
    input.id ||= freshId();
    return element(
        "p",
        {className: "row"},
        element("label", {for: input.id}, text),
        input,
        help ? element("span", {className: "help"}, help) : null,
    );
};

/* Rows of names and values; behind each typed value stands its type. */
export const pairs = (step, set, {legend, add, field, decode, encode, isTyped = false}) => {
    const about = (part, n) => ({
        className: "json",
        spellcheck: false,
        name: `${field}-${part}-${n}`,
        "aria-label": `${legend}: ${part} ${n + 1}`,
        placeholder: part,
    });
    return valueRows({
        legend,
        add,
        items: Object.entries(isObject(step.payload[field]) ? step.payload[field] : {}),
        blank: ["", ""],
        inputs: ([name, value], n) => [
            element("input", {
                ...about("name", n),
                type: "text",
                className: "json pair-name",
                value: name,
            }),
            element("textarea", {
                ...about("value", n),
                rows: 1,
                value: encode(value),
                "data-completes": "expression",
            }),
            isTyped ? element("span", {className: "type", textContent: typeOf(value)}) : null,
        ],
        read: ([name, value, type]) => {
            const decoded = decode(value.value);
            if (type) {
                type.textContent = typeOf(decoded);
            }
            return [name.value, decoded];
        },
        changed: (values) => {
            const named = values.filter(([name]) => name);
            const all = named.length ? Object.fromEntries(named) : undefined;
            set({[field]: all}, `${field}:${step.key}`);
        },
    });
};

export const namedArguments = (step, set, legend) =>
    pairs(step, set, {
        legend,
        add: "Add an argument",
        field: "kwargs",
        decode: jsonOf,
        encode: textOf,
        isTyped: true,
    });

export const argumentRows = ({legend, add, items, name, labelOf, decode, encode, changed}) =>
    valueRows({
        legend,
        add,
        items,
        inputs: (value, n) => [
            element("textarea", {
                className: "json",
                rows: 1,
                value: encode(value),
                spellcheck: false,
                name: `${name}-${n}`,
                "aria-label": labelOf(n),
                "data-completes": "expression",
            }),
        ],
        read: ([area]) => decode(area.value),
        blank: "",
        changed,
    });
