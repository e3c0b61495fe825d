/*
The fields of the chosen step, or of the chosen dependency.

    const inspector = createInspector(host, actions, data)
    inspector.render(steps, selection)      builds the fields anew
    inspector.showProblems(problems)        shows at each field what is wrong with it
    inspector.focus(name)                   moves the focus to the input of that name
*/

import {button, element, freshId} from "../dom.js";
import {edgesOf, stepOf} from "./model.js";
import {payloadEditor} from "./payload.js";

export const createInspector = (host, actions, data) => {
    let steps = [];
    let selection = null;
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

    const chip = (step, dependency, name) => {
        const isKnown = steps.some((each) => each.step_id === name);
        const remove = () => {
            actions.disconnect(dependency, step.key);
            rebuild();
            focus("add-dependency");
        };
        const label = `Remove the dependency on ${name}`;
        return element(
            "li",
            {className: isKnown ? "chip" : "chip chip-wrong"},
            name,
            button("×", remove, {className: "", "aria-label": label}),
        );
    };

    const dependencies = (step) => {
        const idOf = (dependency) => stepOf(steps, dependency)?.step_id ?? dependency;
        const add = () => {
            if (input.value.trim()) {
                actions.depend(step.key, input.value);
                rebuild();
                focus("add-dependency");
            }
        };
        const offered = freshId();
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
        const help =
            "All of these must succeed first. Or drag from the dot of a step to another one.";
        const made = field("depends_on", "Waits for", input, help);
        const chips = step.depends_on.map((dependency) => chip(step, dependency, idOf(dependency)));
        const addButton = button("Add", add, {
            className: "button quiet",
            "aria-label": "Add the dependency",
        });
        const line = element("div", {className: "adding"}, addButton);
        input.replaceWith(element("ul", {className: "chips"}, chips), line);
        line.prepend(input);
        const taken = new Set([step.step_id, ...step.depends_on.map(idOf)]);
        const free = steps.map((each) => each.step_id).filter((id) => id && !taken.has(id));
        const options = free.map((id) => element("option", {value: id}));
        made.append(element("datalist", {id: offered}, options));
        return made;
    };

    const runner = (step) => {
        const defaultRunner = data.runners.find((each) => each.is_default);
        const options = [
            ["", defaultRunner ? `default (${defaultRunner.name})` : "default"],
            ...data.runners.map(({name, kind, is_enabled: isEnabled}) => [
                name,
                `${name}, ${kind}${isEnabled ? "" : ", disabled"}`,
            ]),
        ];
        if (step.runner && !data.runners.some(({name}) => name === step.runner)) {
            options.push([step.runner, `${step.runner}, which no longer exists`]);
        }
        return element(
            "select",
            {
                name: "runner",
                onchange: ({target}) => actions.update(step.key, {runner: target.value || null}),
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
                    {timeout_seconds: secondsOf(target)},
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
            field(
                "title",
                "Title",
                text(step, "title"),
                "What people read. If it is empty, the step id.",
            ),
            dependencies(step),
            payload,
            element("p", {className: "field-error", hidden: true, "data-error": "payload"}),
            field("runner", "Runner", runner(step)),
            field("timeout_seconds", "Timeout (s)", seconds(step), "If it is empty, a day."),
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
                ? "Choose a step to edit it. Drag from the dot of a step to the one that has to wait for it. Choose a line to remove it."
                : "Add the first step. Then drag from its dot: to an empty place for a new step, or to another step to connect them.",
        ),
    ];

    const focus = (name) => host.querySelector(`[name="${name}"]`)?.focus();
    const inspector = {
        render(nextSteps, nextSelection) {
            [steps, selection] = [nextSteps, nextSelection];
            const step = stepOf(steps, selection?.key);
            const edge = edgesOf(steps).find((each) => isSameEdge(each, selection?.edge));
            host.replaceChildren(
                ...(step ? stepFields(step) : edge ? edgeFields(edge) : nothing()),
            );
            for (const each of host.querySelectorAll(".operations, .chips")) {
                if (!each.children.length) {
                    each.remove();
                }
            }
            inspector.showProblems(actions.problems());
        },
        showProblems(problems) {
            for (const slot of host.querySelectorAll("[data-error]")) {
                const texts = problems
                    .filter((problem) => isAbout(problem, selection?.key, slot.dataset.error))
                    .map(({text: problem}) => problem);
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

const isSameEdge = (one, other) => one[0] === other?.[0] && one[1] === other?.[1];

const isAbout = ({key, field, cycle}, stepKey, name) =>
    field === name && (key === stepKey || cycle?.includes(stepKey));

/* What cannot be read as a number is 0, which is then said to be wrong. */
const secondsOf = ({value, validity}) => {
    if (value === "") {
        return validity.badInput ? 0 : null;
    }
    return Number(value);
};
