/*
The builder of a template: what is drawn and edited here is stored by one request.

It replaces the rows of the plain form, which are used without this file, or at `?plain`. Each part is
explained in its own file.
*/

import {button, element} from "../dom.js";
import {createCanvas} from "./canvas.js";
import * as form from "./form.js";
import {createHistory} from "./history.js";
import {createImport} from "./importing.js";
import {createInspector} from "./inspector.js";
import {parse} from "./json.js";
import {createList} from "./list.js";
import * as model from "./model.js";
import {problemsOf} from "./problems.js";
import {createSaving} from "./saving.js";

/* The names of the inputs of fields that have several. */
const FOCUS = {depends_on: "add-dependency", payload: "payload-kind"};

const start = (host) => {
    const data = parse(document.getElementById("builder-data").textContent);
    let selection = null; /* {key} of a step, or {edge: [from, to]} */
    let problems = [];

    const status = element("p", {className: "builder-status", role: "status"});
    const canvasHost = element("div", {className: "graph-host builder-canvas"});
    const listHost = element(
        "section",
        {className: "builder-list", "aria-label": "Order of dispatch"},
        element("h3", {}, "Order of dispatch"),
        element(
            "p",
            {className: "help"},
            "Of the steps that are ready, the first one here is dispatched first.",
        ),
    );
    const inspectorHost = element("section", {
        className: "builder-inspector",
        "aria-label": "The chosen step or dependency",
    });
    const trouble = element("ul", {className: "builder-problems", "aria-label": "What is wrong"});

    const say = (text) => {
        status.textContent = text;
        status.classList.toggle("is-empty", !text);
    };
    const render = () => {
        const {steps} = history;
        problems = problemsOf(steps, data.longest_timeout);
        canvas.render(steps, problems, selection);
        list.render(steps, problems, selection);
        inspector.showProblems(problems);
        trouble.replaceChildren(
            ...problems.map(({key, field, text, cycle}) =>
                element(
                    "li",
                    {},
                    key && !cycle ? `${model.stepOf(steps, key).step_id || "(no id)"}: ` : "",
                    key ? button(text, () => choose(key, field), {className: "link"}) : text,
                ),
            ),
        );
        undo.disabled = !history.canUndo;
        redo.disabled = !history.canRedo;
        saving.changed();
    };
    const history = createHistory(model.read(data.template.steps), () => render());
    const choose = (key, field = null) => {
        selection = key === null ? null : {key};
        inspector.render(history.steps, selection);
        render();
        if (field) {
            inspector.focus(FOCUS[field] ?? field);
        }
    };
    const travel = (direction) => () => {
        history[direction]();
        inspector.render(history.steps, selection);
    };

    const actions = {
        steps: () => history.steps,
        problems: () => problems,
        update: (key, fields, tag) => history.change(model.update(history.steps, key, fields), tag),
        depend(key, id) {
            const known = history.steps.find((step) => step.step_id === id);
            history.change(model.connect(history.steps, known ? known.key : id, key));
        },
        connect(from, to) {
            history.change(model.connect(history.steps, from, to));
            choose(to);
        },
        disconnect(from, to) {
            history.change(model.disconnect(history.steps, from, to));
            choose(to);
        },
        branch(from) {
            add(from === null ? [] : [from]);
        },
        remove(key) {
            const at = history.steps.findIndex((step) => step.key === key);
            const name = history.steps[at].step_id;
            history.change(model.remove(history.steps, key));
            choose(history.steps[Math.min(at, history.steps.length - 1)]?.key ?? null);
            say(`${name} was deleted; Undo brings it back.`);
            if (document.activeElement === document.body) {
                selection ? canvas.focus(selection.key) : addButton.focus();
            }
        },
    };
    const add = (dependsOn = []) => {
        const step = model.newStep({step_id: model.freeId(history.steps), depends_on: dependsOn});
        history.change([...history.steps, step]);
        choose(step.key, "step_id");
        inspectorHost.querySelector("[name=step_id]").select();
    };

    const addButton = button("Add a step", () => add(), {className: "button"});
    const undo = button("Undo", travel("undo"), {className: "button quiet"});
    const redo = button("Redo", travel("redo"), {className: "button quiet"});
    const [importButton, dialog] = createImport(data.read, (template) => {
        form.fill(template);
        history.change(model.read(template.steps));
        choose(null);
        say(`${history.steps.length} steps were read; save to keep them.`);
    });
    const saving = createSaving(data, {
        template: () => {
            const fields = form.read();
            return fields && {...fields, steps: model.write(history.steps)};
        },
        text: () =>
            form.text() +
            JSON.stringify(model.write(history.steps)) +
            history.steps.map(({draft}) => draft?.text ?? ""),
        problems: () => problems,
        choose: (id) => {
            const found = history.steps.find((step) => step.step_id === id);
            if (found) {
                choose(found.key);
            }
        },
        say,
    });

    host.append(
        element(
            "div",
            {className: "builder-bar"},
            element("div", {className: "group"}, addButton, undo, redo),
            element(
                "div",
                {className: "group"},
                button("−", () => canvas.zoom(1 / 1.25), {
                    className: "button quiet",
                    "aria-label": "Smaller",
                }),
                button("+", () => canvas.zoom(1.25), {
                    className: "button quiet",
                    "aria-label": "Larger",
                }),
                button("Fit", () => canvas.fit(), {className: "button quiet"}),
            ),
            element(
                "div",
                {className: "group"},
                importButton,
                element("a", {className: "button quiet", href: "?plain"}, "Plain form"),
            ),
            element("div", {className: "group saving"}, saving.state, saving.button),
        ),
        saving.notice,
        status,
        element(
            "div",
            {className: "builder-panes"},
            element("div", {className: "builder-left"}, canvasHost, trouble, listHost),
            inspectorHost,
        ),
        dialog,
    );
    host.hidden = false;
    document.getElementById("steps")?.remove();
    document.querySelectorAll(".submit-row").forEach((row) => {
        row.querySelectorAll("input").forEach((input) => {
            input.remove();
        });
        row.hidden = !row.children.length;
    });

    const canvas = createCanvas(canvasHost, {
        icons: host.dataset.icons,
        say,
        connect: actions.connect,
        branch: actions.branch,
        remove: actions.remove,
        choose: (key, event) => choose(key, event.type === "keydown" ? "step_id" : null),
        chooseEdge: (from, to) => {
            selection = {edge: [from, to]};
            inspector.render(history.steps, selection);
            render();
            inspector.focus("remove-edge");
        },
    });
    const inspector = createInspector(inspectorHost, actions, data);
    const list = createList(listHost, {
        choose: (key) => choose(key, "step_id"),
        move: (key, by) => history.change(model.move(history.steps, key, by)),
    });

    inspectorHost.addEventListener("focusout", () => history.settle());
    document.addEventListener("keydown", (event) => {
        if (!event.ctrlKey && !event.metaKey) {
            return;
        }
        const isTyping = event.target.closest?.("input, textarea, select");
        const does = {
            s: saving.save,
            z: isTyping ? null : event.shiftKey ? travel("redo") : travel("undo"),
            y: isTyping ? null : travel("redo"),
        }[event.key.toLowerCase()];
        if (does) {
            event.preventDefault();
            does();
        }
    });
    document.getElementById("workflowtemplate_form").addEventListener("submit", (event) => {
        event.preventDefault();
        saving.save();
    });
    document
        .getElementById("workflowtemplate_form")
        .addEventListener("input", () => saving.changed());
    inspector.render(history.steps, selection);
    render();
    saving.begin();
    canvas.fit();
};

const host = document.getElementById("builder");
if (host) {
    start(host);
}
