/*
The JSON Schema of parameters, as fields of a form, and back.

    fieldsIn(schema) → [{name, kind, title, description, default, choices, isRequired, more}]
    beside(schema) → the keywords of the schema that no field shows
    setField(schema, name, changes), renamed(schema, name, next), added(schema), removed(schema, name),
    moved(schema, name, by) → another schema

Whatever a field does not show stays as it is: `more` names these keywords. `default` is a value, or
undefined. A definition that is of no kind that is known here is "other".
*/

import {isObject, same} from "./json.js";

/* What makes a definition of a kind; the rest of a definition is kept when its kind changes. */
const KINDS = {
    text: {type: "string"},
    integer: {type: "integer"},
    number: {type: "number"},
    boolean: {type: "boolean"},
    date: {type: "string", format: "date"},
    time: {type: "string", format: "time"},
    email: {type: "string", format: "email"},
    choice: {enum: []},
    list: {type: "array", items: {type: "string"}},
    secret: {type: "string", writeOnly: true},
};
export const KIND_WORDS = {
    text: "Text",
    integer: "Whole number",
    number: "Number",
    boolean: "Yes or no",
    date: "Date",
    time: "Time",
    email: "Mail address",
    choice: "Choice",
    list: "List of texts",
    secret: "Secret",
    other: "Other (JSON)",
};
const OF_KIND = ["type", "format", "enum", "items", "writeOnly"];
const SHOWN = ["title", "description", "default"];
const TOP = ["properties", "required", "type", "$schema"];

export const kindOf = (definition) => {
    if (!isObject(definition)) {
        return "other";
    }
    const own = Object.fromEntries(
        OF_KIND.flatMap((w) => (w in definition ? [[w, definition[w]]] : [])),
    );
    if (
        Array.isArray(own.enum) &&
        Object.keys(own).every((word) => ["enum", "type"].includes(word))
    ) {
        return "choice";
    }
    const isKind = ([, keywords]) => same(sorted(keywords), sorted(own));
    return Object.entries(KINDS).find(isKind)?.[0] ?? "other";
};

const sorted = (object) => Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));

export const fieldsIn = (schema) =>
    Object.entries(schema.properties ?? {}).map(([name, definition]) => {
        const {title = "", description = "", default: given, enum: choices = []} = definition;
        const kind = kindOf(definition);
        const known = kind === "other" ? SHOWN : [...SHOWN, ...OF_KIND];
        return {
            name,
            kind,
            title,
            description,
            default: given,
            choices,
            isRequired: (schema.required ?? []).includes(name),
            more: Object.keys(definition).filter((word) => !known.includes(word)),
        };
    });

export const beside = (schema) => Object.keys(schema).filter((word) => !TOP.includes(word));

const withDefinitions = (schema, change) => {
    const entries = change(Object.entries(schema.properties ?? {}));
    return {...schema, properties: Object.fromEntries(entries)};
};

const withRequired = (schema, change) => {
    const required = change(schema.required ?? []);
    const {required: _, ...rest} = schema;
    return required.length ? {...rest, required} : rest;
};

export const setField = (schema, name, changes) => {
    const {isRequired, ...ofDefinition} = changes;
    const next = withDefinitions(schema, (entries) =>
        entries.map(([each, definition]) =>
            each === name ? [each, changed(definition, ofDefinition)] : [each, definition],
        ),
    );
    if (isRequired === undefined) {
        return next;
    }
    return withRequired(next, (names) =>
        isRequired
            ? [...names.filter((each) => each !== name), name]
            : names.filter((each) => each !== name),
    );
};

const changed = (definition, {kind, choices, ...plain}) => {
    let next = isObject(definition) ? {...definition} : {};
    if (kind !== undefined && kind !== kindOf(definition)) {
        for (const word of [...OF_KIND, "default"]) {
            delete next[word];
        }
        next = {...KINDS[kind], ...next};
    }
    if (choices !== undefined) {
        next.enum = choices;
    }
    for (const [word, value] of Object.entries(plain)) {
        if (value === undefined || (value === "" && word !== "default")) {
            delete next[word];
        } else {
            next[word] = value;
        }
    }
    return next;
};

export const renamed = (schema, name, next) => {
    if (!next || next in schema.properties) {
        return schema;
    }
    const swap = (each) => (each === name ? next : each);
    const made = withDefinitions(schema, (entries) =>
        entries.map(([each, definition]) => [swap(each), definition]),
    );
    return withRequired(made, (names) => names.map(swap));
};

export const added = (schema) => {
    const taken = schema.properties ?? {};
    let name = "parameter";
    for (let n = 2; name in taken; n += 1) {
        name = `parameter_${n}`;
    }
    return {
        name,
        schema: withDefinitions(schema, (entries) => [...entries, [name, {...KINDS.text}]]),
    };
};

export const removed = (schema, name) => {
    const made = withDefinitions(schema, (entries) => entries.filter(([each]) => each !== name));
    const left = withRequired(made, (names) => names.filter((each) => each !== name));
    const {properties, type, ...rest} = left;
    const isEmpty = !Object.keys(properties).length && !Object.keys(rest).length;
    return isEmpty ? {} : left;
};

export const moved = (schema, name, by) =>
    withDefinitions(schema, (entries) => {
        const from = entries.findIndex(([each]) => each === name);
        const to = from + by;
        if (to < 0 || to >= entries.length) {
            return entries;
        }
        const next = [...entries];
        next.splice(to, 0, ...next.splice(from, 1));
        return next;
    });
