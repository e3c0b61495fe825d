/*
The fields of the step, or the dependency, that is chosen.

    const inspector = createInspector(host, actions, data)
    inspector.render(steps, selection)      builds the fields anew
    inspector.tell(problems)                says what is wrong at the fields that are shown
*/

import {button, element, freshId} from "./dom.js";
import {edgesOf, stepOf} from "./model.js";
import {payloadEditor} from "./payload.js";

export const createInspector = (host, actions, data) => {
    let steps = [],
        selection = null;
    const rebuild = () => inspector.render(actions.steps(), selection);

    const field = (name, label, input, help) => {
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
    const text = (step, name) =>
        element("input", {
            type: "text",
            name,
            value: step[name],
            spellcheck: name === "title",
            autocomplete: "off",
            oninput: (event) =>
                actions.update(step.key, {[name]: event.target.value}, `${name}:${step.key}`),
        });

    const dependencies = (step) => {
        const names = new Map(steps.map((each) => [each.key, each.step_id]));
        const chips = step.depends_on.map((on) => {
            const name = names.get(on) ?? on;
            const known = steps.some((each) => each.step_id === name);
            return element(
                "li",
                {className: known ? "chip" : "chip chip-wrong"},
                name,
                button(
                    "×",
                    () => {
                        actions.disconnect(on, step.key);
                        rebuild();
                        focus("add-dependency");
                    },
                    {className: "", "aria-label": `Remove the dependency on ${name}`},
                ),
            );
        });
        const offered = freshId();
        const add = () => {
            const id = input.value;
            if (!id.trim()) {
                return;
            }
            actions.depend(step.key, id);
            rebuild();
            focus("add-dependency");
        };
        const input = element("input", {
            type: "text",
            name: "add-dependency",
            list: offered,
            autocomplete: "off",
            spellcheck: false,
            placeholder: "step id",
            onkeydown: (event) => {
                if (event.key === "Enter") {
                    event.preventDefault();
                    add();
                }
            },
        });
        const taken = new Set([step.step_id, ...step.depends_on.map((on) => names.get(on) ?? on)]);
        const free = steps.map((each) => each.step_id).filter((id) => id && !taken.has(id));
        const made = field(
            "depends_on",
            "Waits for",
            input,
            "All of them must succeed first. Or drag from the dot of a step to another one.",
        );
        const line = element(
            "div",
            {className: "adding"},
            button("Add", add, {className: "button quiet", "aria-label": "Add the dependency"}),
        );
        input.before(element("ul", {className: "chips"}, chips));
        input.replaceWith(line);
        line.prepend(input);
        made.append(
            element(
                "datalist",
                {id: offered},
                free.map((id) => element("option", {value: id})),
            ),
        );
        return made;
    };

    const runner = (step) => {
        const standard = data.runners.find((each) => each.is_default);
        const options = [
            ["", standard ? `default (${standard.name})` : "default"],
            ...data.runners.map((each) => [
                each.name,
                `${each.name}, ${each.kind}${each.is_enabled ? "" : ", disabled"}`,
            ]),
        ];
        if (step.runner && !data.runners.some((each) => each.name === step.runner)) {
            options.push([step.runner, `${step.runner}, which is gone`]);
        }
        return element(
            "select",
            {
                name: "runner",
                onchange: (event) => actions.update(step.key, {runner: event.target.value || null}),
            },
            options.map(([value, textContent]) =>
                element("option", {value, textContent, selected: value === (step.runner ?? "")}),
            ),
        );
    };

    const seconds = (step) =>
        element("input", {
            type: "number",
            name: "timeout_seconds",
            min: 1,
            max: data.longest_timeout,
            step: 1,
            value: step.timeout_seconds ?? "",
            oninput: ({target}) =>
                actions.update(
                    step.key,
                    {
                        timeout_seconds:
                            target.value === ""
                                ? target.validity.badInput
                                    ? 0
                                    : null
                                : Number(target.value),
                    },
                    `timeout:${step.key}`,
                ),
        });

    const approval = (step) => {
        const box = element("input", {
            type: "checkbox",
            name: "requires_approval",
            id: freshId(),
            checked: step.requires_approval,
            onchange: () => actions.update(step.key, {requires_approval: box.checked}),
        });
        return element(
            "p",
            {className: "field check"},
            box,
            element("label", {for: box.id}, "Wait for somebody's approval"),
        );
    };

    const stepFields = (given) => {
        const step = {...given};
        const payload = payloadEditor(
            step,
            (fields, tag) => actions.update(step.key, fields, tag),
            rebuild,
            data,
        );
        return [
            element("h3", {}, "Step"),
            field("step_id", "Step id", text(step, "step_id")),
            field("title", "Title", text(step, "title"), "What people read; empty: the step id."),
            dependencies(step),
            payload,
            element("p", {className: "field-error", hidden: true, "data-error": "payload"}),
            field("runner", "Runner", runner(step)),
            field("timeout_seconds", "Timeout (s)", seconds(step), "Empty: a day."),
            approval(step),
            element(
                "div",
                {className: "operations"},
                button("Add a step after it", () => actions.branch(step.key), {
                    className: "button quiet",
                }),
                button("Delete this step", () => actions.remove(step.key), {
                    className: "button quiet danger",
                }),
            ),
        ];
    };

    const edgeFields = ([from, to]) => {
        const name = (key) => stepOf(steps, key)?.step_id ?? key;
        return [
            element("h3", {}, "Dependency"),
            element(
                "p",
                {},
                element("strong", {}, name(to)),
                " waits for ",
                element("strong", {}, name(from)),
                ".",
            ),
            element(
                "div",
                {className: "operations"},
                button("Remove the dependency", () => actions.disconnect(from, to), {
                    className: "button quiet danger",
                    name: "remove-edge",
                }),
            ),
        ];
    };

    const nothing = () => [
        element("h3", {}, steps.length ? "Nothing is chosen" : "No step yet"),
        element(
            "p",
            {className: "help"},
            steps.length
                ? "Choose a step to edit it. Drag from the dot of a step to the one that shall wait for it; choose a line to remove it."
                : "Add the first step. Then drag from its dot: to an empty place for the next one, to another step to connect them.",
        ),
    ];

    const focus = (name) => host.querySelector(`[name="${name}"]`)?.focus();
    const inspector = {
        render(nextSteps, nextSelection) {
            [steps, selection] = [nextSteps, nextSelection];
            const step = stepOf(steps, selection?.key);
            const edge =
                selection?.edge &&
                edgesOf(steps).some(([a, b]) => a === selection.edge[0] && b === selection.edge[1])
                    ? selection.edge
                    : null;
            host.replaceChildren(
                ...(step ? stepFields(step) : edge ? edgeFields(edge) : nothing()),
            );
            host.querySelectorAll(".operations, .chips").forEach((each) => {
                if (!each.children.length) {
                    each.remove();
                }
            });
            inspector.tell(actions.problems());
        },
        tell(problems) {
            for (const slot of host.querySelectorAll("[data-error]")) {
                const texts = problems
                    .filter(
                        ({key, field: name, cycle}) =>
                            name === slot.dataset.error &&
                            (key === selection?.key || cycle?.includes(selection?.key)),
                    )
                    .map(({text: said}) => said);
                slot.textContent = texts.join(" ");
                slot.hidden = !texts.length;
                host.querySelectorAll(`[data-field="${slot.dataset.error}"]`).forEach((input) => {
                    input.setAttribute("aria-invalid", String(texts.length > 0));
                });
            }
        },
        focus,
    };
    return inspector;
};
