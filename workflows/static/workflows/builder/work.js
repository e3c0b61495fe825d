/*
What a step does, by its payload.

    workOf(payload) → "none", "script", "command", "function", "task" or "json"
    scriptOf(payload) → the text of a script, or null; payloadOf(script) is the way back
*/

export const SHELL = ["bash", "-euo", "pipefail", "-c"];

export const WORDS = {
    none: "does nothing yet",
    script: "script",
    command: "command",
    function: "function",
    task: "Django task",
    json: "for its runner",
};

const isListOfTexts = (value) =>
    Array.isArray(value) && value.every((each) => typeof each === "string");

const isTask = ({task, args = []}) => typeof task === "string" && Array.isArray(args);

export const scriptOf = ({command}) =>
    isListOfTexts(command) &&
    command.length === SHELL.length + 1 &&
    SHELL.every((word, index) => command[index] === word)
        ? command.at(-1)
        : null;

export const payloadOf = (script) => ({command: [...SHELL, script]});

export const workOf = (payload) => {
    if (!Object.keys(payload).length) {
        return "none";
    }
    if (scriptOf(payload) !== null) {
        return "script";
    }
    if ("command" in payload) {
        return isListOfTexts(payload.command) ? "command" : "json";
    }
    if ("python" in payload) {
        return typeof payload.python === "string" ? "function" : "json";
    }
    return "task" in payload && isTask(payload) ? "task" : "json";
};
