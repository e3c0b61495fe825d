/*
The steps in the order of their dispatch, to choose one without a mouse and to move it.

    const list = createList({choose, move})
    list.element
    list.render(steps, problems, keys)

`choose(key)` and `move(key, by)` are called when somebody does so; `by` is -1 (up) or 1 (down).
*/

import {button, element} from "../dom.js";

export const createList = ({choose, move}) => {
    const list = element("ol", {className: "order"});

    /* After a move the focus stays on the same button, or goes to the other one at the end. */
    const focusMoved = (position, by) => {
        const sameButton = list.children[position]?.querySelector(`[data-by="${by}"]`);
        const target = sameButton?.disabled
            ? sameButton.parentElement.querySelector("[data-by]:not([disabled])")
            : sameButton;
        target?.focus();
    };

    const entry = (step, position, steps, wrong, keys) => {
        const name = step.step_id || "(no id)";
        const moveButton = (by, text, label) => {
            const act = () => {
                move(step.key, by);
                focusMoved(position + by, by);
            };
            return button(text, act, {
                className: "shift",
                "aria-label": `Move ${name} ${label}`,
                disabled: !steps[position + by],
                "data-by": by,
            });
        };
        return element(
            "li",
            {className: keys.includes(step.key) ? "is-chosen" : ""},
            element(
                "button",
                {
                    type: "button",
                    className: "choose",
                    onclick: () => choose(step.key),
                    "aria-pressed": String(keys.includes(step.key)),
                },
                element("strong", {}, name),
                wrong.has(step.key)
                    ? element("span", {className: "wrong"}, ` ${wrong.get(step.key)}`)
                    : null,
                step.title && step.title !== name
                    ? element("span", {className: "help"}, ` ${step.title}`)
                    : null,
            ),
            moveButton(-1, "↑", "up"),
            moveButton(1, "↓", "down"),
        );
    };

    return {
        element: list,
        render(steps, problems, keys) {
            const wrong = new Map(
                problems.flatMap(({key, cycle, brief}) =>
                    (cycle ?? [key]).map((of) => [of, brief]),
                ),
            );
            list.replaceChildren(
                ...steps.map((step, position) => entry(step, position, steps, wrong, keys)),
            );
        },
    };
};
