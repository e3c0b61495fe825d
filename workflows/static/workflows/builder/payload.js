/*
What a step does, as fields: a script, a command, a function, or any JSON that its runner understands.

    payloadEditor(step, change, rebuild, {functions, functions_problem, tasks, schema}) → elements

`change({payload, draft}, name)` is called for each keystroke, `rebuild()` for other fields.
*/

import {element, freshId} from "../dom.js";
import {commandFields} from "./command.js";
import {argumentRows, labelled, namedArguments} from "./fields.js";
import {parseObject} from "./json.js";
import {scriptFields} from "./script_fields.js";
import {jsonOf, textOf} from "./values.js";
import {joinWords} from "./words.js";
import {payloadOf, scriptOf, workOf} from "./work.js";

const KINDS = {
    script: "Script",
    command: "Command",
    function: "Function",
    task: "Django task",
    json: "JSON",
};
const FIELDS = {
    script: ["command", "cwd", "env"],
    command: ["command", "cwd", "env"],
    function: ["python", "kwargs"],
    task: ["task", "args", "kwargs"],
};
const ALL_FIELDS = Object.values(FIELDS).flat();
const chosenKinds = new Map(); /* by step: how somebody wants to see its payload */
const before = new Map(); /* by step and kind: what it was when somebody chose another kind */

const FITS = {
    script: (payload) => scriptOf(payload) !== null,
    command: ({command}) => Array.isArray(command),
    function: ({python}) => typeof python === "string",
    task: ({task}) => typeof task === "string",
    json: () => true,
};

const kindOf = ({key, payload, draft}) => {
    const chosen = draft?.kind ?? chosenKinds.get(key);
    return chosen && FITS[chosen](payload) ? chosen : workOf(payload);
};

const without = (payload, names) =>
    Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name)));

export const payloadEditor = (step, change, rebuild, known) => {
    const kind = kindOf(step);
    const set = (fields, name) => {
        const all = Object.entries({...step.payload, ...fields});
        step.payload = Object.fromEntries(all.filter(([, value]) => value !== undefined));
        change({payload: step.payload, draft: null}, name);
    };
    const fail = (text, error, name) =>
        change({payload: step.payload, draft: {text, error, kind}}, name);
    const switchTo = (next) => {
        const {key, payload} = step;
        before.set(`${key} ${kind}`, payload);
        chosenKinds.set(key, next);
        change({payload: before.get(`${key} ${next}`) ?? converted(payload, next), draft: null});
        rebuild();
    };
    const fields = {
        none: () => [],
        script: () => scriptFields(step, set, {schema: known.schema, rebuild}),
        command: () => commandFields(step, set, fail, rebuild),
        function: () => functionFields(step, set, known),
        task: () => taskFields(step, set, known),
        json: () => jsonField(step, change),
    };
    return element(
        "fieldset",
        {className: "payload"},
        element("legend", {}, "Kind"),
        kindSwitch(kind, switchTo, known),
        kind === "none" ? element("p", {className: "help"}, "Choose what the step does.") : null,
        fields[kind](),
        otherKeys(step, kind),
    );
};

/* What the payload becomes as another kind: what both have is kept. */
const converted = (payload, next) => {
    const kept = without(payload, ALL_FIELDS);
    const {cwd, env} = payload;
    const around = {...(cwd === undefined ? {} : {cwd}), ...(env === undefined ? {} : {env})};
    const command = workOf(payload) === "command" ? payload.command : [];
    return {
        script: {...payloadOf(scriptOf(payload) ?? joinWords(command)), ...around, ...kept},
        command: {command, ...around, ...kept},
        function: {python: "", ...kept},
        task: {task: "", ...kept},
        json: payload,
    }[next];
};

const kindSwitch = (kind, switchTo, {tasks}) => {
    const name = freshId();
    const hasTasks = Object.keys(tasks).length > 0 || kind === "task";
    const offered = Object.entries(KINDS).filter(([value]) => value !== "task" || hasTasks);
    return element(
        "div",
        {className: "segments", role: "radiogroup", "aria-label": "Kind"},
        offered.map(([value, text]) =>
            element(
                "label",
                {className: "segment"},
                element("input", {
                    type: "radio",
                    name,
                    value,
                    checked: value === kind,
                    onchange: () => switchTo(value),
                }),
                text,
            ),
        ),
    );
};

const otherKeys = (step, kind) => {
    const others =
        kind === "json" || step.draft ? [] : Object.keys(without(step.payload, FIELDS[kind] ?? []));
    const text = `Also in the payload: ${others.join(", ")}. JSON shows all of it.`;
    return others.length ? element("p", {className: "help"}, text) : null;
};

/* A name, with those that are known here; whether another may be saved is for the server to say. */
const nameField = (step, set, {label, field, about}) => {
    const help = element("span", {
        className: "help",
        "aria-live": "polite",
        textContent: about(step.payload[field]),
    });
    const line = labelled(
        label,
        element("input", {
            type: "text",
            className: "json",
            name: field,
            value: step.payload[field],
            spellcheck: false,
            autocomplete: "off",
            "data-completes": field,
            "data-field": "payload",
            oninput: ({target}) => {
                help.textContent = about(target.value);
                set({[field]: target.value}, `${field}:${step.key}`);
            },
        }),
    );
    line.append(help);
    return line;
};

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
    return [
        nameField(step, set, {label: "Function", field: "python", about}),
        namedArguments(step, set, "Arguments"),
    ];
};

const taskFields = (step, set, {tasks}) => {
    const known = new Map(Object.entries(tasks));
    const about = (path) => known.get(path) || "Its path, such as shop.tasks.export.";
    return [
        nameField(step, set, {label: "Task", field: "task", about}),
        argumentRows({
            legend: "Arguments in order",
            items: step.payload.args ?? [],
            add: "Add an argument in order",
            name: "args",
            labelOf: (n) => `Argument ${n + 1}`,
            encode: textOf,
            decode: jsonOf,
            changed: (args) => set({args: args.length ? args : undefined}, `args:${step.key}`),
        }),
        namedArguments(step, set, "Arguments by name"),
    ];
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
        "data-completes": "expression",
        oninput: () => {
            const {value, error} = parseObject(area.value);
            const fields = error
                ? {payload: step.payload, draft: {text: area.value, error, kind: "json"}}
                : {payload: value, draft: null};
            change(fields, `payload:${step.key}`);
        },
    });
    return [labelled("Payload", area)];
};
