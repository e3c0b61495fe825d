/*
What can stand in an expression at a place of a text.

    placeIn(text, caret) → {start, typed, isFilter} if the caret is in an expression, else null
    entriesOf({schema, upstream, leftBy}) → [{text, type, value}]
    matching(entries, typed) → those that fit, best first

`upstream` are step ids; `leftBy(id)` is what the step has left in an earlier run, as the server tells
it ({run, result, exit_code, params}), or null.
*/

const MOST = 60;
const PATH = /(?:[A-Za-z_]\w*(?:\.\w*|\[[^\]\s]*\]?)*)?$/;
const FILTERS = [
    ..."abs default first float int join last length list lower round sort string title".split(" "),
    ..."tojson trim unique upper".split(" "),
];
const ALWAYS = [
    ["run.id", "number", ""],
    ["run.created_at", "text", "moment of creation"],
    ["task.attempt", "number", "1, or more after a retry"],
];

export const placeIn = (text, caret) => {
    const before = text.slice(0, caret);
    const open = before.lastIndexOf("{{");
    if (open < 0 || before.indexOf("}}", open) >= 0) {
        return null;
    }
    const inside = before.slice(open + 2);
    const [typed] = inside.match(PATH);
    const isFilter = /\|\s*$/.test(inside.slice(0, inside.length - typed.length));
    return {start: caret - typed.length, typed, isFilter};
};

/* The step whose result somebody is asking for: tasks.count. or tasks['count-all']. */
export const stepIn = (typed, upstream) =>
    upstream.find((id) => typed.startsWith(`tasks${lookup(id)}`));

export const lookup = (name) =>
    /^[A-Za-z_]\w*$/.test(name)
        ? `.${name}`
        : `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;

export const entriesOf = ({schema, upstream, leftBy}) => {
    const lefts = upstream.map((id) => [id, leftBy(id)]);
    const run = lefts.find(([, left]) => left)?.[1];
    const earlier = new Map(run?.params.map(({path, value}) => [path, value]));
    const parameters = Object.entries(schema?.properties ?? {}).map(([name, definition]) => {
        const {writeOnly: isSecret, default: given} = definition ?? {};
        const value = isSecret ? "secret" : (earlier.get(lookup(name)) ?? given);
        return entry(`params${lookup(name)}`, parameterType(definition), value);
    });
    const left = lefts.flatMap(([id, found]) => [
        ...(found?.result ?? [{path: "", type: "", value: ""}]).map(({path, type, value}) =>
            entry(`tasks${lookup(id)}.result${path}`, type, value),
        ),
        entry(`tasks${lookup(id)}.output`, "text", "the end of its log"),
        entry(`tasks${lookup(id)}.exit_code`, "number", found?.exit_code ?? ""),
    ]);
    return [...parameters, ...left, ...ALWAYS.map((each) => entry(...each))];
};

const entry = (text, type, value) => ({text, type, value: shown(value)});

const shown = (value) =>
    value === undefined || value === null || typeof value === "string"
        ? (value ?? "")
        : JSON.stringify(value);

const parameterType = (definition) => {
    const {type, format, enum: choices} = definition ?? {};
    const words = {string: "text", boolean: "yes/no", integer: "number", array: "list"};
    return choices ? "choice" : (format ?? words[type] ?? type ?? "any");
};

export const filters = () => FILTERS.map((text) => entry(text, "filter", ""));

export const matching = (entries, typed) => {
    const wanted = typed.toLowerCase();
    const rank = ({text}) => {
        const at = text.toLowerCase().indexOf(wanted);
        return at < 0 ? Infinity : at;
    };
    return entries
        .map((each, index) => [rank(each), index, each])
        .filter(([at, , {text}]) => at < Infinity && text !== typed)
        .sort((one, other) => one[0] - other[0] || one[1] - other[1])
        .slice(0, MOST)
        .map(([, , each]) => each);
};
