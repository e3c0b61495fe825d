/*
One parameter, folded; its fields below.

    parameterCard(field, {set, setKind, rename, remove, move, isOpen, isFirst, isLast}) → element
*/

import {button, element, freshId} from "../dom.js";
import {parse} from "./json.js";
import {KIND_WORDS} from "./schema.js";
import {jsonOf, textOf} from "./values.js";

const labelled = (text, input) => {
    input.id ||= freshId();
    return element("div", {className: "field"}, element("label", {for: input.id}, text), input);
};

const input = (name, value, oninput, more = {}) =>
    element("input", {type: "text", name, value, oninput, autocomplete: "off", ...more});

export const parameterCard = (field, acts) => {
    const {name, kind, isRequired, more} = field;
    const required = element("input", {
        type: "checkbox",
        id: freshId(),
        checked: isRequired,
        onchange: ({target}) => acts.set({isRequired: target.checked}),
    });
    const kinds = element(
        "select",
        {name: "parameter-kind", onchange: ({target}) => acts.setKind(target.value)},
        Object.entries(KIND_WORDS)
            .filter(([value]) => value !== "other" || kind === "other")
            .map(([value, text]) =>
                element("option", {value, textContent: text, selected: value === kind}),
            ),
    );
    const heading = element("strong", {}, name);
    return element(
        "details",
        {className: "parameter", open: acts.isOpen, "data-name": name},
        element(
            "summary",
            {},
            heading,
            element(
                "span",
                {className: "help"},
                [KIND_WORDS[kind], isRequired ? "required" : ""].filter(Boolean).join(", "),
            ),
        ),
        element(
            "div",
            {className: "two"},
            labelled(
                "Name",
                input("parameter-name", name, null, {
                    spellcheck: false,
                    onchange({target}) {
                        target.value = acts.rename(target.value.trim());
                        heading.textContent = target.value;
                        heading.closest("details").dataset.name = target.value;
                    },
                }),
            ),
            labelled("Type", kinds),
        ),
        labelled(
            "Title",
            input(
                "parameter-title",
                field.title,
                ({target}) => acts.set({title: target.value}, "title"),
                {
                    placeholder: name,
                },
            ),
        ),
        labelled(
            "Description",
            input("parameter-description", field.description, ({target}) =>
                acts.set({description: target.value}, "description"),
            ),
        ),
        kind === "choice" ? choices(field, acts) : null,
        kind === "secret" ? secretHelp() : labelled("Default", defaultInput(field, acts)),
        element(
            "p",
            {className: "check"},
            required,
            element("label", {for: required.id}, "Required"),
        ),
        more.length
            ? element("p", {className: "help"}, `Also, and kept: ${more.join(", ")}.`)
            : null,
        element(
            "div",
            {className: "adding"},
            button("↑", () => acts.move(-1), {
                className: "button",
                "aria-label": `Move ${name} up`,
                disabled: acts.isFirst,
            }),
            button("↓", () => acts.move(1), {
                className: "button",
                "aria-label": `Move ${name} down`,
                disabled: acts.isLast,
            }),
            button("Remove", acts.remove, {
                className: "button red",
                "aria-label": `Remove the parameter ${name}`,
            }),
        ),
    );
};

const secretHelp = () =>
    element("p", {className: "help"}, "Stored encrypted and never shown; it has no default.");

const choices = ({choices: values}, acts) =>
    labelled(
        "Choices, one a line",
        element("textarea", {
            name: "parameter-choices",
            className: "json",
            rows: Math.max(3, values.length),
            value: values.map(textOf).join("\n"),
            oninput: ({target}) =>
                acts.set(
                    {
                        choices: target.value
                            .split("\n")
                            .filter((line) => line.trim())
                            .map(jsonOf),
                    },
                    "choices",
                ),
        }),
    );

const defaultInput = (field, acts) => {
    const give = (value) => acts.set({default: value}, "default");
    const {kind, default: given, choices: values} = field;
    if (kind === "boolean" || kind === "choice") {
        return picked(kind === "boolean" ? [true, false] : values, given, give);
    }
    const type = {integer: "number", number: "number", date: "date", time: "text"}[kind] ?? "text";
    if (kind === "list") {
        return element("textarea", {
            name: "parameter-default",
            rows: 2,
            placeholder: "one a line",
            value: (given ?? []).join("\n"),
            oninput: ({target}) => {
                const lines = target.value.split("\n").filter(Boolean);
                give(lines.length ? lines : undefined);
            },
        });
    }
    const isText = ["text", "date", "time", "email"].includes(kind);
    const read = (text) => (isText ? text : numberOrJson(text));
    return input(
        "parameter-default",
        given === undefined ? "" : isText ? given : textOf(given),
        ({target}) => give(target.value === "" ? undefined : read(target.value)),
        {type, step: kind === "number" ? "any" : undefined},
    );
};

const numberOrJson = (text) => {
    try {
        return parse(text);
    } catch {
        return text;
    }
};

const picked = (values, given, give) =>
    element(
        "select",
        {
            name: "parameter-default",
            onchange: ({target}) =>
                give(target.value === "" ? undefined : values[Number(target.value)]),
        },
        element("option", {value: "", textContent: "none"}),
        values.map((value, index) =>
            element("option", {
                value: String(index),
                textContent: typeof value === "boolean" ? (value ? "yes" : "no") : textOf(value),
                selected: JSON.stringify(value) === JSON.stringify(given),
            }),
        ),
    );
