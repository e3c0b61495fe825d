/* The plain form of a template: rows can be added, and dependencies are picked from the other rows.
   The form works without this file; then dependencies are typed, one step id per line. */

import {button, element} from "./dom.js";

const fieldOf = (row, name) => row.querySelector(`[name$="-${name}"]`);
const idOf = (row) => fieldOf(row, "step_id").value;
const linesOf = (row) =>
    fieldOf(row, "depends_on")
        .value.split("\n")
        .filter((line) => line.trim());
const isKept = (row) => idOf(row).trim() && !fieldOf(row, "DELETE").checked;

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
        const remove = element("button", {
            type: "button",
            textContent: "×",
            "aria-label": `Remove the dependency on ${line}`,
            onclick: () => {
                const others = linesOf(row).filter((other) => other !== line);
                setLines(row, others);
            },
        });
        const made = element("span", {className: "chip"}, line, " ", remove);
        const isItself = line === idOf(row);
        if (isItself || !known.has(line)) {
            made.classList.add("chip-wrong");
            made.title = isItself ? "A step cannot wait for itself." : "There is no such step.";
        }
        return made;
    };

    const picker = (row) => {
        const select = element("select", {}, element("option", {value: "", textContent: "add …"}));
        select.setAttribute("aria-label", `Add a dependency of ${idOf(row) || "this step"}`);
        /* Filled when it is opened: each row has a picker that lists all other rows. */
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
        for (const row of rows()) {
            draw(row, known);
        }
    };

    const renameInOthers = (row) => {
        const before = row.dataset.stepId;
        const now = idOf(row);
        row.dataset.stepId = now;
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
            return; /* a picker that has been drawn anew meanwhile */
        }
        if (event.target === fieldOf(row, "step_id")) {
            renameInOthers(row);
        }
        if ([fieldOf(row, "step_id"), fieldOf(row, "DELETE")].includes(event.target)) {
            drawAll();
        }
    });
    rows().forEach((row) => {
        row.dataset.stepId = idOf(row);
    });
    body.closest("table").after(element("p", {className: "more"}, button("Add a step", add)));
    drawAll();
};

/* Not before the builder had the chance to take these rows away. */
document.addEventListener("DOMContentLoaded", () => {
    const section = document.getElementById("steps");
    if (section?.querySelector("table.steps")) {
        start(section);
    }
});
