/* The steps in the order of their dispatch: to choose one without a mouse, and to move it. */

import {button, element} from "./dom.js";

export const createList = (host, {choose, move}) => {
    const list = element("ol", {className: "order"});
    host.append(list);

    const entry = (step, n, all, wrong, selection) => {
        const name = step.step_id || "(no id)";
        const shift = (by, text, label) =>
            button(
                text,
                () => {
                    move(step.key, by);
                    const now = list.children[n + by]?.querySelector(`[data-by="${by}"]`);
                    (now?.disabled
                        ? now.parentElement.querySelector("[data-by]:not([disabled])")
                        : now
                    )?.focus();
                },
                {
                    className: "shift",
                    "aria-label": `Move ${name} ${label}`,
                    disabled: !all[n + by],
                    "data-by": by,
                },
            );
        return element(
            "li",
            {className: step.key === selection?.key ? "is-chosen" : ""},
            element(
                "button",
                {
                    type: "button",
                    className: "choose",
                    onclick: () => choose(step.key),
                    "aria-pressed": String(step.key === selection?.key),
                },
                element("strong", {}, name),
                wrong.has(step.key)
                    ? element("span", {className: "wrong"}, " something is wrong")
                    : null,
                step.title && step.title !== name
                    ? element("span", {className: "help"}, ` ${step.title}`)
                    : null,
            ),
            shift(-1, "↑", "up"),
            shift(1, "↓", "down"),
        );
    };

    return {
        render(steps, problems, selection) {
            const wrong = new Set(problems.flatMap(({key, cycle}) => cycle ?? key));
            list.replaceChildren(
                ...steps.map((step, n) => entry(step, n, steps, wrong, selection)),
            );
        },
    };
};
