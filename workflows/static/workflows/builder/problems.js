/* What is wrong with steps: [{key?, field?, text, cycle?}]. The server refuses all of it as well. */

import {cycleIn, spellCycle} from "./model.js";

export const problemsOf = (steps, longestTimeout) => {
    if (!steps.length) {
        return [{text: "A template needs at least one step."}];
    }
    const counts = new Map();
    for (const {step_id: id} of steps) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const found = steps.flatMap((step) => [
        ...idProblems(step, counts),
        ...dependencyProblems(step, counts),
        ...payloadProblems(step),
        ...timeoutProblems(step, longestTimeout),
    ]);
    const cycle = cycleIn(steps);
    if (cycle?.length > 1) {
        const text = `Cycle: ${spellCycle(steps, cycle)}`;
        found.push({key: cycle[0], field: "depends_on", cycle, text});
    }
    return found;
};

const about = ({key}, field, texts) => texts.map((text) => ({key, field, text}));

const idProblems = (step, counts) => {
    const texts = [];
    if (!step.step_id.trim()) {
        texts.push("Give the step an id.");
    }
    if (counts.get(step.step_id) > 1) {
        texts.push(`The id “${step.step_id}” is used twice.`);
    }
    return about(step, "step_id", texts);
};

const dependencyProblems = (step, counts) => {
    const texts = [];
    for (const dependency of step.depends_on) {
        if (typeof dependency === "string" && !counts.has(dependency)) {
            texts.push(`There is no step “${dependency}”.`);
        }
        if (dependency === step.key || dependency === step.step_id) {
            texts.push("A step cannot wait for itself.");
        }
    }
    return about(step, "depends_on", texts);
};

const payloadProblems = (step) => {
    if (step.draft !== null) {
        return about(step, "payload", [step.draft.error]);
    }
    const {command, python} = step.payload;
    const texts = [];
    if (command !== undefined && python !== undefined) {
        texts.push("Keep either “command” or “python”, not both.");
    }
    if (command !== undefined && !isCommand(command)) {
        texts.push("“command” must be a list of texts: the program and its arguments.");
    }
    if (python !== undefined && !(typeof python === "string" && python)) {
        texts.push("“python” must be the name of a function.");
    }
    return about(step, "payload", texts);
};

const isCommand = (command) =>
    Array.isArray(command) &&
    command.length > 0 &&
    command.every((word) => typeof word === "string");

const timeoutProblems = (step, longestTimeout) => {
    const seconds = step.timeout_seconds;
    const isAllowed =
        seconds === null ||
        (Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTimeout);
    const text = `Give 1 to ${longestTimeout} seconds, or leave it empty.`;
    return about(step, "timeout_seconds", isAllowed ? [] : [text]);
};
