/* The plain fields of a step. `update(fields, tag)` is called when somebody changes one. */

import {element, freshId} from "../dom.js";
import {amountOf, secondsIn} from "./values.js";

/* An input with its label, its help, and a place for what is wrong with it. */
export const fieldWith = (name, label, input, help) => {
    input.id ||= freshId();
    input.dataset.field = name;
    const error = element("p", {
        className: "field-error",
        id: `${input.id}-error`,
        hidden: true,
        "data-error": name,
    });
    input.setAttribute("aria-describedby", error.id);
    return element(
        "div",
        {className: "field"},
        element("label", {for: input.id}, label),
        input,
        help ? element("p", {className: "help"}, help) : null,
        error,
    );
};

export const textField = (step, name, update) =>
    element("input", {
        type: "text",
        name,
        value: step[name],
        spellcheck: name === "title",
        autocomplete: "off",
        placeholder: name === "title" ? "what people read; empty: the key" : "",
        oninput: ({target}) => update({[name]: target.value}, `${name}:${step.key}`),
    });

export const runnerField = (step, runners, update) => {
    const standard = runners.find((each) => each.is_default);
    const options = [
        ["", standard ? `default (${standard.name})` : "default"],
        ...runners.map(({name, kind, is_enabled: isEnabled}) => [
            name,
            `${name}, ${kind}${isEnabled ? "" : ", disabled"}`,
        ]),
    ];
    if (step.runner && !runners.some(({name}) => name === step.runner)) {
        options.push([step.runner, `${step.runner}, which does not exist`]);
    }
    return element(
        "select",
        {name: "runner", onchange: ({target}) => update({runner: target.value || null})},
        options.map(([value, textContent]) =>
            element("option", {value, textContent, selected: value === (step.runner ?? "")}),
        ),
    );
};

export const secondsField = (step, update) =>
    element("input", {
        type: "text",
        name: "timeout_seconds",
        value: step.timeout_seconds === null ? "" : amountOf(step.timeout_seconds),
        placeholder: "a day",
        autocomplete: "off",
        spellcheck: false,
        oninput: ({target}) =>
            update({timeout_seconds: secondsIn(target.value)}, `timeout:${step.key}`),
    });

export const approvalField = (step, update) => {
    const box = element("input", {
        type: "checkbox",
        name: "requires_approval",
        id: freshId(),
        checked: step.requires_approval,
        onchange: () => update({requires_approval: box.checked}),
    });
    return element(
        "div",
        {className: "field"},
        element("span", {className: "label"}, "Approval"),
        element(
            "p",
            {className: "check"},
            box,
            element("label", {for: box.id}, "Ask somebody first"),
        ),
    );
};
