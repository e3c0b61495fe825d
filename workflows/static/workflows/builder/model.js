/*
The steps that are being edited, as plain data, and the questions about them. No page in here.

A step is {key, step_id, title, depends_on, runner, payload, draft, timeout_seconds,
requires_approval}. `key` is a number that stays, whatever the step is called; `depends_on` holds
keys, and texts where no step was known by that id; `draft` is a payload's text that is no JSON yet.
*/

import {same} from "./json.js";

let lastKey = 0;

export const newStep = (fields = {}) => ({
    key: (lastKey += 1),
    step_id: "",
    title: "",
    depends_on: [],
    runner: null,
    payload: {},
    draft: null,
    timeout_seconds: null,
    requires_approval: false,
    ...fields,
});

/* Steps as the API has them. */
export const read = (plain) => {
    const steps = plain.map((step) => newStep(step));
    const known = new Map(steps.map((step) => [step.step_id, step.key]));
    return steps.map((step) => ({
        ...step,
        depends_on: step.depends_on.map((id) => known.get(id) ?? id),
    }));
};

/* Steps as the API takes them. */
export const write = (steps) => {
    const names = new Map(steps.map((step) => [step.key, step.step_id]));
    return steps.map(({key, draft, ...step}) => ({
        ...step,
        title: step.title.trim() ? step.title : step.step_id,
        depends_on: step.depends_on.map((on) => names.get(on) ?? on),
    }));
};

export const stepOf = (steps, key) => steps.find((step) => step.key === key);

const idsOf = (steps) => {
    const known = new Map();
    for (const step of steps) {
        if (!known.has(step.step_id)) {
            known.set(step.step_id, step.key);
        }
    }
    return known;
};

/* Pairs of keys [from, to]; an unknown dependency is the text in front. */
export const edgesOf = (steps) => {
    const known = idsOf(steps);
    const key = (on) => (typeof on === "string" ? (known.get(on) ?? on) : on);
    return steps.flatMap((step) => step.depends_on.map((on) => [key(on), step.key]));
};

export const update = (steps, key, fields) =>
    steps.map((step) => (step.key === key ? {...step, ...fields} : step));

export const remove = (steps, key) =>
    steps
        .filter((step) => step.key !== key)
        .map((step) =>
            step.depends_on.includes(key)
                ? {...step, depends_on: step.depends_on.filter((on) => on !== key)}
                : step,
        );

export const connect = (steps, from, to) => {
    const step = stepOf(steps, to);
    const known = edgesOf([...steps]).some(([a, b]) => a === from && b === to);
    return known ? steps : update(steps, to, {depends_on: [...step.depends_on, from]});
};

export const disconnect = (steps, from, to) => {
    const id = typeof from === "string" ? from : stepOf(steps, from)?.step_id;
    const left = stepOf(steps, to).depends_on.filter((on) => on !== from && on !== id);
    return update(steps, to, {depends_on: left});
};

/* One place up or down in the order of dispatch. */
export const move = (steps, key, by) => {
    const from = steps.findIndex((step) => step.key === key);
    const to = from + by;
    if (to < 0 || to >= steps.length) {
        return steps;
    }
    const moved = [...steps];
    moved.splice(to, 0, ...moved.splice(from, 1));
    return moved;
};

export const freeId = (steps, wish = "step") => {
    const taken = new Set(steps.map((step) => step.step_id));
    for (let n = 1; ; n += 1) {
        if (!taken.has(`${wish}-${n}`)) {
            return `${wish}-${n}`;
        }
    }
};

/* The keys of a cycle, from upstream to downstream, or null. */
export const cycleIn = (steps) => {
    const upstream = new Map(steps.map((step) => [step.key, []]));
    for (const [from, to] of edgesOf(steps)) {
        if (upstream.has(from)) {
            upstream.get(to).push(from);
        }
    }
    const left = new Set(upstream.keys());
    for (let found = true; found; ) {
        found = false;
        for (const key of left) {
            if (!upstream.get(key).some((from) => left.has(from))) {
                left.delete(key);
                found = true;
            }
        }
    }
    if (!left.size) {
        return null;
    }
    /* Whoever is left waits for somebody who is left: going upstream comes round. */
    const way = [];
    let key = left.values().next().value;
    while (!way.includes(key)) {
        way.push(key);
        key = upstream.get(key).find((from) => left.has(from));
    }
    return way.slice(way.indexOf(key)).reverse();
};

/* `a → b → a`, beginning with the step that is listed first. */
export const spelt = (steps, cycle) => {
    const first = steps.find((step) => cycle.includes(step.key)).key;
    const at = cycle.indexOf(first);
    return [...cycle.slice(at), ...cycle.slice(0, at), first]
        .map((key) => stepOf(steps, key).step_id)
        .join(" → ");
};

/* What is wrong: [{key?, field?, text}]; nothing that is said here is accepted by the server. */
export const problemsOf = (steps, longestTimeout) => {
    const counts = new Map();
    for (const {step_id: id} of steps) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const found = steps.length ? [] : [{text: "A template needs at least one step."}];
    for (const step of steps) {
        const say = (field, text) => found.push({key: step.key, field, text});
        if (!step.step_id.trim()) {
            say("step_id", "Give the step an id.");
        }
        if (counts.get(step.step_id) > 1) {
            say("step_id", `The id “${step.step_id}” is used twice.`);
        }
        for (const on of step.depends_on) {
            if (typeof on === "string" && !counts.has(on)) {
                say("depends_on", `There is no step “${on}”.`);
            }
            if (on === step.key || on === step.step_id) {
                say("depends_on", "A step cannot wait for itself.");
            }
        }
        for (const text of payloadProblems(step)) {
            say("payload", text);
        }
        const seconds = step.timeout_seconds;
        if (
            seconds !== null &&
            !(Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTimeout)
        ) {
            say("timeout_seconds", `1 to ${longestTimeout} seconds, or nothing.`);
        }
    }
    const cycle = cycleIn(steps);
    if (cycle && cycle.length > 1) {
        found.push({
            key: cycle[0],
            field: "depends_on",
            cycle,
            text: `Cycle: ${spelt(steps, cycle)}`,
        });
    }
    return found;
};

const payloadProblems = ({payload, draft}) => {
    if (draft !== null) {
        return [draft.error];
    }
    const found = [];
    if ("command" in payload && "python" in payload) {
        found.push("Keep one of “command” and “python”.");
    }
    const {command, python} = payload;
    if (
        command !== undefined &&
        !(
            Array.isArray(command) &&
            command.length &&
            command.every((word) => typeof word === "string")
        )
    ) {
        found.push("“command” is a list of texts: the program and its arguments.");
    }
    if (python !== undefined && !(typeof python === "string" && python)) {
        found.push("“python” names a function.");
    }
    return found;
};

/* The steps with their past and future. `changed()` is called after each change. */
export const createHistory = (first, changed) => {
    let steps = first,
        past = [],
        future = [],
        tag = null;
    return {
        get steps() {
            return steps;
        },
        get canUndo() {
            return past.length > 0;
        },
        get canRedo() {
            return future.length > 0;
        },
        /* Changes under the same name are undone together, until `settle()`. */
        change(next, name = null) {
            if (next === steps || same(next, steps)) {
                return;
            }
            if (name === null || name !== tag) {
                past.push(steps);
            }
            [steps, future, tag] = [next, [], name];
            changed();
        },
        settle() {
            tag = null;
        },
        undo() {
            if (past.length) {
                future.push(steps);
                steps = past.pop();
                tag = null;
                changed();
            }
        },
        redo() {
            if (future.length) {
                past.push(steps);
                steps = future.pop();
                tag = null;
                changed();
            }
        },
    };
};
