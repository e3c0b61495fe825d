/* The fields of a command: one line with quotes, or one field for each argument; where it starts. */

import {button, element} from "../dom.js";
import {argumentRows, labelled, pairs} from "./fields.js";
import {joinWords, splitWords} from "./words.js";

let isOneLine = true; /* as the author likes it, for all commands */

/* `fail(text, error, name)` keeps a line that cannot be read yet. */
export const commandFields = (step, set, fail, rebuild) => {
    const switchView = () => {
        isOneLine = !isOneLine;
        rebuild();
    };
    const other = isOneLine ? "One field for each argument" : "All in one line";
    return [
        isOneLine || step.draft ? lineField(step, set, fail) : wordFields(step, set),
        step.draft ? null : button(other, switchView, {className: "link"}),
        surroundings(step, set),
    ];
};

const lineField = (step, set, fail) => {
    const count = element("span", {className: "help", "aria-live": "polite"});
    const tell = (words) => {
        const given = words.length - 1;
        count.textContent = words.length
            ? `A program and ${given} argument${given === 1 ? "" : "s"}; no shell reads it. Quote what has spaces.`
            : "A program and its arguments; no shell reads them. Quote what has spaces.";
    };
    const area = element("textarea", {
        className: "json",
        rows: 2,
        name: "command-line",
        value: step.draft?.text ?? joinWords(step.payload.command),
        spellcheck: false,
        "data-completes": "expression",
        "data-field": "payload",
        placeholder: "tar -czf 'my backup.tgz' {{ params.folder }}",
        oninput: () => {
            const {words, error} = splitWords(area.value);
            if (error) {
                fail(area.value, error, `command:${step.key}`);
            } else {
                tell(words);
                set({command: words}, `command:${step.key}`);
            }
        },
    });
    tell(step.payload.command);
    const line = labelled("Command", area);
    line.append(count);
    return line;
};

const wordFields = (step, set) =>
    argumentRows({
        legend: "Program and arguments",
        items: step.payload.command.length ? step.payload.command : [""],
        add: "Add an argument",
        name: "command",
        labelOf: (n) => (n ? `Argument ${n}` : "Program"),
        encode: String,
        decode: String,
        changed: (values) =>
            set({command: values.length === 1 && !values[0] ? [] : values}, `command:${step.key}`),
    });

/* Where it starts, and what it finds in its environment; folded while there is neither. */
export const surroundings = (step, set) =>
    element(
        "details",
        {open: "cwd" in step.payload || "env" in step.payload},
        element("summary", {}, "Directory and environment"),
        labelled(
            "Working directory",
            element("input", {
                type: "text",
                className: "json",
                name: "cwd",
                value: step.payload.cwd ?? "",
                spellcheck: false,
                "data-completes": "expression",
                oninput: (event) => set({cwd: event.target.value || undefined}, `cwd:${step.key}`),
            }),
            "Relative to the checkout, which is also what an empty field means.",
        ),
        pairs(step, set, {
            legend: "Environment",
            add: "Add a variable",
            field: "env",
            decode: (text) => text,
            encode: String,
        }),
    );
