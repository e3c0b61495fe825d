/*
The steps that are being edited, as plain data, and what is wrong with them.

A step is {key, step_id, title, depends_on, runner, payload, draft, timeout_seconds,
requires_approval}. `key` is a number that stays when the step is renamed. `depends_on` holds keys,
and step ids (texts) of which no step was known. `draft` is {text, error}: a payload that is not
valid JSON yet.
*/

let lastKey = 0;

export const newStep = (fields = {}) => {
    lastKey += 1;
    return {
        step_id: "",
        title: "",
        depends_on: [],
        runner: null,
        payload: {},
        draft: null,
        timeout_seconds: null,
        requires_approval: false,
        ...fields,
        key: lastKey,
    };
};

/* Steps as the API sends them. */
export const read = (plain) => {
    const steps = plain.map((step) => newStep(step));
    const known = new Map(steps.map((step) => [step.step_id, step.key]));
    return steps.map((step) => ({
        ...step,
        depends_on: step.depends_on.map((id) => known.get(id) ?? id),
    }));
};

/* Steps as they were edited, with new keys: those of a draft are from another visit. */
export const revive = (steps) => {
    const made = steps.map((step) => newStep({...step, key: undefined}));
    const fresh = new Map(steps.map((step, index) => [step.key, made[index].key]));
    return made.map((step) => ({
        ...step,
        depends_on: step.depends_on.map((on) => fresh.get(on) ?? on),
    }));
};

/* Steps as the API accepts them. */
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

/* Pairs of keys [from, to]; where no such step is known, `from` is a step id. */
export const edgesOf = (steps) => {
    const known = idsOf(steps);
    const key = (on) => (typeof on === "string" ? (known.get(on) ?? on) : on);
    return steps.flatMap((step) => step.depends_on.map((on) => [key(on), step.key]));
};

export const update = (steps, key, fields) =>
    steps.map((step) => (step.key === key ? {...step, ...fields} : step));

export const remove = (steps, keys) => {
    const isGone = (on) => keys.includes(on);
    return steps
        .filter((step) => !isGone(step.key))
        .map((step) =>
            step.depends_on.some(isGone)
                ? {...step, depends_on: step.depends_on.filter((on) => !isGone(on))}
                : step,
        );
};

export const connect = (steps, from, to) => {
    const step = stepOf(steps, to);
    const isConnected = edgesOf(steps).some(([a, b]) => a === from && b === to);
    return isConnected ? steps : update(steps, to, {depends_on: [...step.depends_on, from]});
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

/* The steps in the order of `keys`; steps that are not named there stay behind. */
export const inOrder = (steps, keys) => {
    const rank = new Map(keys.map((key, index) => [key, index]));
    const rankOf = ({key}) => rank.get(key) ?? keys.length;
    return [...steps].sort((one, other) => rankOf(one) - rankOf(other));
};

/* All steps that must have succeeded before one, near ones first. */
export const upstreamOf = (steps, key) => {
    const byKey = new Map(steps.map((step) => [step.key, step]));
    const known = idsOf(steps);
    const found = new Set();
    let level = [key];
    while (level.length) {
        level = level
            .flatMap((each) => byKey.get(each)?.depends_on ?? [])
            .map((on) => (typeof on === "string" ? known.get(on) : on))
            .filter((on) => on !== undefined && on !== key && !found.has(on) && found.add(on));
    }
    return [...found].map((each) => byKey.get(each)).filter(Boolean);
};

export const freeId = (steps, wish = "step", first = 1) => {
    const taken = new Set(steps.map((step) => step.step_id));
    for (let n = first; ; n += 1) {
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
    let before;
    do {
        before = left.size;
        for (const key of left) {
            if (!upstream.get(key).some((from) => left.has(from))) {
                left.delete(key);
            }
        }
    } while (left.size < before);
    if (!left.size) {
        return null;
    }
    /* Each of these waits for another of these: following them upstream must lead round a cycle. */
    const way = [];
    let key = left.values().next().value;
    while (!way.includes(key)) {
        way.push(key);
        key = upstream.get(key).find((from) => left.has(from));
    }
    return way.slice(way.indexOf(key)).reverse();
};

/* "a → b → a", beginning with the step that is listed first. */
export const spellCycle = (steps, cycle) => {
    const first = steps.find((step) => cycle.includes(step.key)).key;
    const at = cycle.indexOf(first);
    return [...cycle.slice(at), ...cycle.slice(0, at), first]
        .map((key) => stepOf(steps, key).step_id)
        .join(" → ");
};
