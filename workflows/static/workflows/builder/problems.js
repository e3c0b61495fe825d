/*
What is wrong with steps before anybody asks the server, which refuses all of it as well:
[{key?, field?, text, brief, cycle?}]. `brief` stands below the name of the step.
*/

import {cycleIn, spellCycle} from "./model.js";

export const problemsOf = (steps, longestTimeout) => {
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
        found.push({key: cycle[0], field: "depends_on", cycle, text, brief: "in a cycle"});
    }
    return found;
};

const about = ({key}, field, texts) => texts.map(([text, brief]) => ({key, field, text, brief}));

const idProblems = (step, counts) => {
    const texts = [];
    if (!step.step_id.trim()) {
        texts.push(["Give the step a key.", "has no key"]);
    }
    if (counts.get(step.step_id) > 1) {
        texts.push([`The key “${step.step_id}” is used twice.`, "key used twice"]);
    }
    return about(step, "step_id", texts);
};

const dependencyProblems = (step, counts) => {
    const texts = [];
    for (const dependency of step.depends_on) {
        if (typeof dependency === "string" && !counts.has(dependency)) {
            texts.push([`There is no step “${dependency}”.`, "unknown step"]);
        }
        if (dependency === step.key || dependency === step.step_id) {
            texts.push(["A step cannot wait for itself.", "waits for itself"]);
        }
    }
    return about(step, "depends_on", texts);
};

const payloadProblems = (step) => {
    if (step.draft !== null) {
        return about(step, "payload", [[step.draft.error, "cannot be read"]]);
    }
    const {command, python, task} = step.payload;
    const texts = [];
    if (command !== undefined && python !== undefined) {
        texts.push(["Keep either “command” or “python”, not both.", "two kinds of work"]);
    }
    if (command !== undefined && !isListOfTexts(command)) {
        const why = '“command” is a list of texts, the program and its arguments: ["tar", "-c"]';
        texts.push([why, "no command"]);
    } else if (command?.length === 0) {
        texts.push(["Type the command.", "no command yet"]);
    }
    if (python !== undefined && !(typeof python === "string" && python)) {
        texts.push(["Choose the function.", "no function yet"]);
    }
    if (task === "") {
        texts.push(["Choose the Django task.", "no task yet"]);
    }
    return about(step, "payload", texts);
};

const isListOfTexts = (value) =>
    Array.isArray(value) && value.every((word) => typeof word === "string");

const timeoutProblems = (step, longestTimeout) => {
    const seconds = step.timeout_seconds;
    const isAllowed =
        seconds === null ||
        (Number.isInteger(seconds) && seconds >= 1 && seconds <= longestTimeout);
    const text = `Give an amount of time, such as 15 min, of 1 to ${longestTimeout} seconds, or none.`;
    return about(step, "timeout_seconds", isAllowed ? [] : [[text, "time is wrong"]]);
};
