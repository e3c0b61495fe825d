/*
What a step does, as fields: a command, a function, or any JSON that another runner understands.

    payloadEditor(step, change, rebuild, {functions, functions_problem}) → element

`change({payload, draft}, name)` is called for each keystroke, `rebuild()` when other fields are
needed.
*/

import {element, freshId} from "../dom.js";
import {isObject, parseObject} from "./json.js";
import {valueRows} from "./rows.js";
import {jsonOf, textOf, typeOf} from "./values.js";

const KINDS = {
    none: "Nothing yet",
    command: "A command",
    python: "A function",
    json: "Other (JSON)",
};
const FIELDS = {command: ["command", "cwd", "env"], python: ["python", "kwargs"]};
const shownAsJson = new Set(); /* keys of steps whose payload somebody wants to see as JSON */

const kindOf = ({key, payload, draft}) => {
    if (draft !== null || shownAsJson.has(key)) {
        return "json";
    }
    if ("command" in payload) {
        return isListOfTexts(payload.command) ? "command" : "json";
    }
    if ("python" in payload) {
        return typeof payload.python === "string" ? "python" : "json";
    }
    return Object.keys(payload).length ? "json" : "none";
};

const isListOfTexts = (value) =>
    Array.isArray(value) && value.every((each) => typeof each === "string");

const without = (payload, names) =>
    Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name)));

export const payloadEditor = (step, change, rebuild, known) => {
    const kind = kindOf(step);
    const set = (fields, name) => {
        const all = Object.entries({...step.payload, ...fields});
        step.payload = Object.fromEntries(all.filter(([, value]) => value !== undefined));
        change({payload: step.payload, draft: null}, name);
    };
    const switchTo = (next) => {
        shownAsJson.delete(step.key);
        if (next === "json") {
            shownAsJson.add(step.key);
        }
        const kept = without(step.payload, [...FIELDS.command, ...FIELDS.python]);
        const payload = {
            none: {},
            json: step.payload,
            command: {command: [], ...kept},
            python: {python: "", ...kept},
        }[next];
        change({payload, draft: null});
        rebuild();
    };
    const choice = element(
        "select",
        {name: "payload-kind", id: freshId(), onchange: () => switchTo(choice.value)},
        Object.entries(KINDS).map(([value, text]) =>
            element("option", {value, textContent: text, selected: value === kind}),
        ),
    );
    const fields = {
        none: () => [],
        command: () => commandFields(step, set),
        python: () => functionFields(step, set, known),
        json: () => jsonField(step, change),
    };
    return element(
        "fieldset",
        {className: "payload"},
        element("legend", {}, "What it does"),
        element("p", {className: "row"}, element("label", {for: choice.id}, "Kind"), choice),
        fields[kind](),
        otherKeys(step, kind),
    );
};

const otherKeys = (step, kind) => {
    const others = kind === "json" ? [] : Object.keys(without(step.payload, FIELDS[kind] ?? []));
    const text = `Also in the payload: ${others.join(", ")}. Choose “Other (JSON)” to see all of it.`;
    return others.length ? element("p", {className: "help"}, text) : null;
};

const labelled = (text, input, help) => {
    input.id ||= freshId();
    return element(
        "p",
        {className: "row"},
        element("label", {for: input.id}, text),
        input,
        help ? element("span", {className: "help"}, help) : null,
    );
};

const commandFields = (step, set) => [
    valueRows({
        legend: "Program and arguments",
        items: step.payload.command.length ? step.payload.command : [""],
        add: "Add an argument",
        inputs: (value, n) => [
            element("textarea", {
                className: "json",
                rows: 1,
                value,
                spellcheck: false,
                name: `command-${n}`,
                "aria-label": n ? `Argument ${n}` : "Program",
                placeholder: n ? "" : "python",
            }),
        ],
        read: ([area]) => area.value,
        blank: "",
        changed: (values) =>
            set({command: values.length === 1 && !values[0] ? [] : values}, `command:${step.key}`),
    }),
    labelled(
        "Working directory",
        element("input", {
            type: "text",
            className: "json",
            name: "cwd",
            value: step.payload.cwd ?? "",
            spellcheck: false,
            oninput: (event) => set({cwd: event.target.value || undefined}, `cwd:${step.key}`),
        }),
        "Relative to the checkout, which is also what an empty field means.",
    ),
    pairs(step, set, {
        legend: "Environment",
        add: "Add a variable",
        field: "env",
        decode: (text) => text,
        encode: String,
    }),
];

/* Names that are registered here are offered; whether another may be saved is for the server to say. */
const functionFields = (step, set, {functions, functions_problem: problem}) => {
    const known = new Map(Object.entries(functions));
    const about = (name) => {
        if (known.has(name) || problem) {
            return known.get(name) ?? problem;
        }
        return name
            ? "No function of this name is registered here."
            : "The name under which it is registered.";
    };
    const help = element("span", {
        className: "help",
        "aria-live": "polite",
        textContent: about(step.payload.python),
    });
    const offered = element(
        "datalist",
        {id: freshId()},
        [...known].map(([value, label]) => element("option", {value, label})),
    );
    const line = labelled(
        "Function",
        element("input", {
            type: "text",
            className: "json",
            name: "python",
            value: step.payload.python,
            spellcheck: false,
            list: offered.id,
            autocomplete: "off",
            oninput: ({target}) => {
                help.textContent = about(target.value);
                set({python: target.value}, `python:${step.key}`);
            },
        }),
    );
    line.append(help, offered);
    const args = pairs(step, set, {
        legend: "Arguments",
        add: "Add an argument",
        field: "kwargs",
        decode: jsonOf,
        encode: textOf,
        isTyped: true,
    });
    return [line, args];
};

/* Rows of names and values; behind each typed value stands its type. */
const pairs = (step, set, {legend, add, field, decode, encode, isTyped = false}) => {
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
            element("textarea", {...about("value", n), rows: 1, value: encode(value)}),
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

const jsonField = (step, change) => {
    const text = step.draft?.text ?? JSON.stringify(step.payload, null, 2);
    const area = element("textarea", {
        className: "json",
        rows: 8,
        name: "payload-json",
        value: text,
        spellcheck: false,
        "data-field": "payload",
        oninput: () => {
            const {value, error} = parseObject(area.value);
            const fields = error
                ? {payload: step.payload, draft: {text: area.value, error}}
                : {payload: value, draft: null};
            change(fields, `payload:${step.key}`);
        },
    });
    return [labelled("Payload", area)];
};
