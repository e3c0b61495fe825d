/* Steps of a template: more rows, and dependencies picked from the other rows.
   The form works without this file: then a dependency is a line of text. */
"use strict";

{
    const fieldOf = (row, name) => row.querySelector(`[name$="-${name}"]`);
    const idOf = (row) => fieldOf(row, "step_id").value;
    const linesOf = (row) =>
        fieldOf(row, "depends_on")
            .value.split("\n")
            .filter((line) => line.trim());
    const isKept = (row) => idOf(row).trim() && !fieldOf(row, "DELETE").checked;

    const element = (name, properties, ...children) => {
        const made = Object.assign(document.createElement(name), properties);
        made.append(...children);
        return made;
    };

    const start = (section) => {
        const body = section.querySelector("table.steps tbody");
        const blank = section.querySelector("template");
        const total = section.querySelector('[name$="-TOTAL_FORMS"]');
        const rows = () => [...body.querySelectorAll("tr.step")];
        const ids = () => rows().filter(isKept).map(idOf);

        const setLines = (row, lines) => {
            fieldOf(row, "depends_on").value = lines.join("\n");
            draw(row, new Set(ids()));
        };

        const chip = (row, line, known) => {
            const remove = element("button", {type: "button", textContent: "×"});
            remove.setAttribute("aria-label", `Remove the dependency on ${line}`);
            remove.addEventListener("click", () =>
                setLines(
                    row,
                    linesOf(row).filter((other) => other !== line),
                ),
            );
            const made = element("span", {className: "chip"}, line, " ", remove);
            if (!known.has(line) || line === idOf(row)) {
                made.classList.add("chip-wrong");
                made.title =
                    line === idOf(row)
                        ? "A step cannot wait for itself."
                        : "There is no such step.";
            }
            return made;
        };

        const picker = (row) => {
            const select = element(
                "select",
                {},
                element("option", {value: "", textContent: "add …"}),
            );
            select.setAttribute("aria-label", `Add a dependency of ${idOf(row) || "this step"}`);
            /* Filled when it is needed: every row has one, and each lists every other row. */
            const fill = () => {
                const taken = new Set([idOf(row), ...linesOf(row)]);
                const free = ids().filter((id) => !taken.has(id));
                select.length = 1;
                select.append(...free.map((id) => element("option", {value: id, textContent: id})));
            };
            select.addEventListener("pointerdown", fill);
            select.addEventListener("focus", fill);
            select.addEventListener("change", () => {
                setLines(row, [...linesOf(row), select.value]);
                row.querySelector(".picker select").focus();
            });
            return select;
        };

        const draw = (row, known) => {
            const area = fieldOf(row, "depends_on");
            area.hidden = true;
            area.parentElement.querySelector(".picker")?.remove();
            const chips = linesOf(row).map((line) => chip(row, line, known));
            area.after(element("div", {className: "picker"}, ...chips, picker(row)));
        };

        const drawAll = () => {
            const known = new Set(ids());
            rows().forEach((row) => draw(row, known));
        };

        const renamed = (row) => {
            const before = row.dataset.stepId;
            const now = (row.dataset.stepId = idOf(row));
            if (!before || !now || ids().includes(before)) {
                return;
            }
            for (const other of rows()) {
                const lines = linesOf(other).map((line) => (line === before ? now : line));
                fieldOf(other, "depends_on").value = lines.join("\n");
            }
        };

        const add = () => {
            const number = Number(total.value);
            body.insertAdjacentHTML("beforeend", blank.innerHTML.replaceAll("__prefix__", number));
            total.value = number + 1;
            drawAll();
            fieldOf(body.lastElementChild, "step_id").focus();
        };

        body.addEventListener("change", (event) => {
            const row = event.target.closest("tr.step");
            if (!row) {
                return;
            } /* a picker, which has been drawn anew meanwhile */
            if (event.target === fieldOf(row, "step_id")) {
                renamed(row);
            }
            if ([fieldOf(row, "step_id"), fieldOf(row, "DELETE")].includes(event.target)) {
                drawAll();
            }
        });
        rows().forEach((row) => {
            row.dataset.stepId = idOf(row);
        });
        const button = element("button", {
            type: "button",
            className: "button",
            textContent: "Add a step",
        });
        button.addEventListener("click", add);
        body.closest("table").after(element("p", {className: "more"}, button));
        drawAll();
    };

    document.addEventListener("DOMContentLoaded", () => {
        const section = document.getElementById("steps");
        if (section?.querySelector("table.steps")) {
            start(section);
        }
    });
}
