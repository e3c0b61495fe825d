/*
Steps as a text that people can copy, also into another template or a chat.

    copied(steps, keys) → text
    pasted(steps, text) → {steps, keys, left} or {error}

Pasted steps keep their dependencies among each other, and those on steps of the same id that are
there; `left` counts the others. A step whose id is taken gets a number behind it, also in the
expressions of the steps that are pasted with it.
*/

import {isObject, parse} from "./json.js";
import {freeId, newStep, write} from "./model.js";
import {follow} from "./references.js";

const KIND = "workflow_steps";

export const copied = (steps, keys) => {
    const chosen = write(steps).filter((_, index) => keys.includes(steps[index].key));
    return JSON.stringify({[KIND]: chosen.map(withoutDefaults)}, null, 2);
};

const withoutDefaults = (step) =>
    Object.fromEntries(
        Object.entries(step).filter(
            ([name, value]) =>
                name === "step_id" ||
                name === "title" ||
                (value !== null && value !== false && Object.keys(value).length !== 0) ||
                typeof value === "number",
        ),
    );

export const pasted = (steps, text) => {
    const given = stepsIn(text);
    if (!given) {
        return {error: "The clipboard has no steps: copy some first, here or in another template."};
    }
    let all = steps;
    const keyOf = new Map(); /* of the new steps, by the id that they had */
    const made = given.map((plain) => {
        const step = newStep({...fieldsOf(plain), depends_on: []});
        const id = step.step_id;
        if (all.some((each) => each.step_id === id)) {
            step.step_id = freeId(all, id, 2);
            step.title = step.title === id ? step.step_id : step.title;
        }
        all = [...all, step];
        keyOf.set(id, step.key);
        return step;
    });
    const renamed = new Map(
        made.flatMap(({step_id: id}, index) =>
            id === given[index].step_id ? [] : [[given[index].step_id, id]],
        ),
    );
    for (const step of made) {
        /* `{{ tasks.a.result }}` means the copy of a, if that is what was pasted. */
        step.payload = follow(step.payload, renamed).value;
    }
    const here = new Map(steps.map((step) => [step.step_id, step.key]));
    let left = 0;
    made.forEach((step, index) => {
        for (const id of given[index].depends_on ?? []) {
            const on = keyOf.get(id) ?? here.get(id);
            if (on === undefined) {
                left += 1;
            } else {
                step.depends_on.push(on);
            }
        }
    });
    return {steps: all, keys: made.map(({key}) => key), left};
};

const stepsIn = (text) => {
    try {
        const found = parse(text);
        const given = Array.isArray(found) ? found : (found[KIND] ?? found.steps);
        return Array.isArray(given) && given.length && given.every(isStep) ? given : null;
    } catch {
        return null;
    }
};

const isStep = (step) =>
    isObject(step) && typeof step.step_id === "string" && Array.isArray(step.depends_on ?? []);

const fieldsOf = (step) => ({
    step_id: step.step_id,
    title: typeof step.title === "string" ? step.title : step.step_id,
    runner: typeof step.runner === "string" ? step.runner : null,
    payload: isObject(step.payload) ? step.payload : {},
    timeout_seconds: step.timeout_seconds ?? null,
    requires_approval: step.requires_approval === true,
});
