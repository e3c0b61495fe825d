/*
What a step is to do, as fields: a command, a function, or whatever JSON another runner wants.

    payloadEditor(step, change, rebuild, {functions, functions_problem}) → element

`change({payload, draft}, tag)` for each keystroke; `change.kind(...)` where the fields become others.
*/

import {button, element, freshId} from "./dom.js";
import {isObject, parse, parseObject} from "./json.js";

const KINDS = {
    none: "Nothing yet",
    command: "A command",
    python: "A function",
    json: "Other (JSON)",
};
const OWN = {command: ["command", "cwd", "env"], python: ["python", "kwargs"]};
const raw = new Set();

const kindOf = ({key, payload, draft}) => {
    if (draft !== null || raw.has(key)) {
        return "json";
    }
    if ("command" in payload) {
        return fits(payload.command) ? "command" : "json";
    }
    if ("python" in payload) {
        return typeof payload.python === "string" ? "python" : "json";
    }
    return Object.keys(payload).length ? "json" : "none";
};
const fits = (command) =>
    Array.isArray(command) && command.every((word) => typeof word === "string");

const without = (payload, names) =>
    Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name)));

export const payloadEditor = (step, change, rebuild, known) => {
    const kind = kindOf(step);
    const set = (fields, tag) => {
        const payload = {...step.payload, ...fields};
        for (const name of Object.keys(fields)) {
            if (fields[name] === undefined) {
                delete payload[name];
            }
        }
        step.payload = payload; /* the fields that are shown go on from here */
        change({payload, draft: null}, tag);
    };
    const choose = element(
        "select",
        {name: "payload-kind", id: freshId(), onchange: () => switchTo(choose.value)},
        Object.entries(KINDS).map(([value, text]) =>
            element("option", {value, textContent: text, selected: value === kind}),
        ),
    );
    const switchTo = (next) => {
        raw.delete(step.key);
        if (next === "json") {
            raw.add(step.key);
        }
        const kept = without(step.payload, [...OWN.command, ...OWN.python]);
        const payload = {
            none: {},
            json: step.payload,
            command: {command: [], ...kept},
            python: {python: "", ...kept},
        }[next];
        change({payload, draft: null});
        rebuild();
    };
    const body = {none: () => [], command: commandFields, python: functionFields, json: jsonField}[
        kind
    ](step, set, change, known);
    return element(
        "fieldset",
        {className: "payload"},
        element("legend", {}, "What it does"),
        element("p", {className: "row"}, element("label", {for: choose.id}, "Kind"), choose),
        body,
        also(step, kind),
    );
};

const also = (step, kind) => {
    const others = kind === "json" ? [] : Object.keys(without(step.payload, OWN[kind] ?? []));
    return others.length
        ? element(
              "p",
              {className: "help"},
              `Besides: ${others.join(", ")}. Choose “Other (JSON)” to see all of it.`,
          )
        : null;
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
    rows({
        legend: "Program and arguments",
        items: step.payload.command.length ? step.payload.command : [""],
        add: "Add an argument",
        row: (value, n) => [
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
        "Relative to the checkout; empty: the checkout.",
    ),
    pairs("Environment", "Add a variable", "env", step, set, (text) => text, String),
];

/* Any name will do, for a runner elsewhere may know it; those that are known here are offered. */
const functionFields = (step, set, _, {functions, functions_problem: problem}) => {
    const known = new Map(Object.entries(functions));
    const about = (name) =>
        known.get(name) ??
        (problem ||
            (name
                ? "No function of this name is registered here."
                : "The name that it is registered under."));
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
    return [line, pairs("Arguments", "Add an argument", "kwargs", step, set, valueOf, textOf)];
};

/* 5, true, null, [1] and {"a": 1} are what they are in JSON; anything else is text, as is "5". */
const valueOf = (text) => {
    try {
        return parse(text);
    } catch {
        return text;
    }
};
const textOf = (value) => {
    if (typeof value !== "string") {
        return JSON.stringify(value);
    }
    return valueOf(value) === value ? value : JSON.stringify(value);
};
const typeOf = (value) => {
    if (value === null) {
        return "null";
    }
    if (Array.isArray(value)) {
        return "list";
    }
    return JSON.isRawJSON?.(value)
        ? "number"
        : ({string: "text", boolean: "yes/no"}[typeof value] ?? typeof value);
};

const pairs = (legend, add, field, step, set, decode, encode) => {
    const items = Object.entries(isObject(step.payload[field]) ? step.payload[field] : {});
    const isTyped = decode === valueOf;
    const showType = ([, value, type]) => {
        if (type) {
            type.textContent = typeOf(decode(value.value));
        }
    };
    return rows({
        legend,
        add,
        items,
        blank: ["", ""],
        row: ([name, value], n) => {
            const parts = [
                element("input", {
                    type: "text",
                    className: "json pair-name",
                    value: name,
                    spellcheck: false,
                    name: `${field}-name-${n}`,
                    "aria-label": `${legend}: name ${n + 1}`,
                    placeholder: "name",
                }),
                element("textarea", {
                    className: "json",
                    rows: 1,
                    value: encode(value),
                    spellcheck: false,
                    name: `${field}-value-${n}`,
                    "aria-label": `${legend}: value ${n + 1}`,
                    placeholder: "value",
                }),
            ];
            return isTyped
                ? [...parts, element("span", {className: "type", textContent: typeOf(value)})]
                : parts;
        },
        read: (parts) => {
            showType(parts);
            return [parts[0].value, decode(parts[1].value)];
        },
        changed: (values) => {
            const named = values.filter(([name]) => name);
            set(
                {[field]: named.length ? Object.fromEntries(named) : undefined},
                `${field}:${step.key}`,
            );
        },
    });
};

/* A list of rows, each with a button that removes it. What the rows say is read from the page. */
const rows = ({legend, items, add, row, read, blank, changed}) => {
    const list = element("ol", {className: "value-rows"});
    const report = () => changed([...list.children].map((item) => read(item.parts)));
    const append = (value) => {
        const parts = row(value, list.children.length);
        const removal = button(
            "×",
            () => {
                item.remove();
                report();
                more.focus();
            },
            {
                className: "remove",
                "aria-label": `Remove: ${legend.toLowerCase()}`,
            },
        );
        const item = element("li", {}, parts, removal);
        item.parts = parts;
        list.append(item);
        return item;
    };
    items.forEach(append);
    list.addEventListener("input", report);
    const more = button(
        add,
        () => {
            append(blank).parts[0].focus();
            report();
        },
        {className: "button quiet"},
    );
    return element("fieldset", {className: "values"}, element("legend", {}, legend), list, more);
};

const jsonField = (step, _, change) => {
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
