/* What a step waits for, what waits for it, and when it is dispatched. */

import {button, element, freshId} from "../dom.js";
import {edgesOf, stepOf} from "./model.js";
import {fieldWith} from "./step_fields.js";

const idOf = (editor, dependency) => stepOf(editor.steps, dependency)?.step_id ?? dependency;

const chips = (step, editor) =>
    element(
        "ul",
        {className: "chips"},
        step.depends_on.map((dependency) => {
            const name = idOf(editor, dependency);
            const isKnown = editor.steps.some((each) => each.step_id === name);
            const remove = () => editor.disconnect(dependency, step.key);
            const label = `Remove the dependency on ${name}`;
            return element(
                "li",
                {className: isKnown ? "chip" : "chip chip-wrong"},
                name,
                button("×", remove, {className: "", "aria-label": label}),
            );
        }),
    );

/* The chips alone, with a button that leads to the field which adds one. */
export const waitsFor = (step, editor, add) =>
    element(
        "div",
        {className: "field"},
        element("span", {className: "label"}, "Waits for"),
        step.depends_on.length ? chips(step, editor) : null,
        button("+ Add", add, {className: "link", "aria-label": "Add a dependency"}),
    );

export const dependencyFields = (step, editor) => [
    addField(step, editor),
    ...(step.depends_on.length ? [chips(step, editor)] : []),
    downstream(step, editor),
    order(step, editor),
];

const addField = (step, editor) => {
    const add = () => {
        if (input.value.trim()) {
            editor.depend(step.key, input.value);
            document.querySelector(".builder-drawer [name=add-dependency]")?.focus();
        }
    };
    const offered = freshId();
    const input = element("input", {
        type: "text",
        name: "add-dependency",
        list: offered,
        autocomplete: "off",
        spellcheck: false,
        placeholder: "key of a step",
        onkeydown: (event) => {
            if (event.key === "Enter") {
                event.preventDefault();
                add();
            }
        },
    });
    const help = "All of these must succeed first. Or drag from the dot of a step to another one.";
    const made = fieldWith("depends_on", "Waits for", input, help);
    const line = element(
        "div",
        {className: "adding"},
        button("Add", add, {className: "button", "aria-label": "Add the dependency"}),
    );
    input.replaceWith(line);
    line.prepend(input);
    const taken = new Set([step.step_id, ...step.depends_on.map((on) => idOf(editor, on))]);
    const free = editor.steps.map((each) => each.step_id).filter((id) => id && !taken.has(id));
    const options = free.map((id) => element("option", {value: id}));
    made.append(element("datalist", {id: offered}, options));
    return made;
};

const downstream = (step, editor) => {
    const found = edgesOf(editor.steps).filter(([from]) => from === step.key);
    return element(
        "div",
        {className: "field"},
        element("span", {className: "label"}, "Waits for it"),
        found.length
            ? element(
                  "ul",
                  {className: "chips"},
                  found.map(([, to]) =>
                      element(
                          "li",
                          {className: "chip"},
                          button(idOf(editor, to), () => editor.choose(to), {className: "link"}),
                      ),
                  ),
              )
            : element("p", {className: "help"}, "No step waits for it."),
    );
};

const order = (step, editor) => {
    const position = editor.steps.findIndex(({key}) => key === step.key);
    const move = (by, text, label) =>
        button(text, () => editor.move(step.key, by), {
            className: "button",
            "aria-label": `Move ${step.step_id} ${label}`,
            disabled: !editor.steps[position + by],
        });
    const help = "Of the steps that are ready, the first one in the list is dispatched first.";
    return element(
        "div",
        {className: "field"},
        element("span", {className: "label"}, "Order of dispatch"),
        element(
            "div",
            {className: "adding"},
            element("span", {}, `${position + 1} of ${editor.steps.length}`),
            move(-1, "↑", "up"),
            move(1, "↓", "down"),
        ),
        element("p", {className: "help"}, help),
    );
};
