/*
The builder of a template: what is drawn and edited here is stored by one request.

It takes the place of the plain form's rows; without this file, or at `?plain`, these are edited
instead. What the parts are told is in their own files.
*/

import {createCanvas} from "./canvas.js";
import {button, element} from "./dom.js";
import * as form from "./form.js";
import {importing} from "./importing.js";
import {createInspector} from "./inspector.js";
import {parse} from "./json.js";
import {createList} from "./list.js";
import * as model from "./model.js";
import {createSaving} from "./saving.js";

const start = (host) => {
    const data = parse(document.getElementById("builder-data").textContent);
    let selection = null,
        problems = [];

    const part = (name, properties, ...children) => element(name, properties, ...children);
    const status = part("p", {className: "builder-status", role: "status"});
    const canvasHost = part("div", {className: "graph-host builder-canvas"});
    const listHost = part(
        "section",
        {className: "builder-list", "aria-label": "Order of dispatch"},
        part("h3", {}, "Order of dispatch"),
        part("p", {className: "help"}, "Among the steps that are ready, the first goes out first."),
    );
    const inspectorHost = part("section", {
        className: "builder-inspector",
        "aria-label": "What is chosen",
    });
    const trouble = part("ul", {className: "builder-problems", "aria-label": "What is wrong"});

    const say = (text) => {
        status.textContent = text;
        status.classList.toggle("is-empty", !text);
    };
    const render = () => {
        const {steps} = history;
        problems = model.problemsOf(steps, data.longest_timeout);
        canvas.render(steps, problems, selection);
        list.render(steps, problems, selection);
        inspector.tell(problems);
        trouble.replaceChildren(
            ...problems.map(({key, field, text}) =>
                part(
                    "li",
                    {},
                    key && !text.startsWith("Cycle")
                        ? `${model.stepOf(history.steps, key).step_id || "(no id)"}: `
                        : "",
                    key ? button(text, () => choose(key, field), {className: "link"}) : text,
                ),
            ),
        );
        undo.disabled = !history.canUndo;
        redo.disabled = !history.canRedo;
        saving.changed();
    };
    const history = model.createHistory(model.read(data.template.steps), () => render());
    const choose = (key, field = null) => {
        selection = key === null ? null : {key};
        inspector.render(history.steps, selection);
        render();
        if (field) {
            inspector.focus(
                field === "depends_on"
                    ? "add-dependency"
                    : field === "payload"
                      ? "payload-kind"
                      : field,
            );
        }
    };
    const travel = (way) => () => {
        history[way]();
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
            say(`${name} is deleted; undo brings it back.`);
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
    const [importButton, dialog] = importing(data.read, (template) => {
        form.fill(template);
        history.change(model.read(template.steps));
        choose(null);
        say(`${history.steps.length} steps are read; save to keep them.`);
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
        part(
            "div",
            {className: "builder-bar"},
            part("div", {className: "group"}, addButton, undo, redo),
            part(
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
            part(
                "div",
                {className: "group"},
                importButton,
                part("a", {className: "button quiet", href: "?plain"}, "Plain form"),
            ),
            part("div", {className: "group saving"}, saving.state, saving.button),
        ),
        saving.notice,
        status,
        part(
            "div",
            {className: "builder-panes"},
            part("div", {className: "builder-left"}, canvasHost, trouble, listHost),
            inspectorHost,
        ),
        dialog,
    );
    host.hidden = false;
    document.getElementById("steps")?.remove();
    document.querySelectorAll(".submit-row").forEach((row) => {
        row.querySelectorAll("input").forEach((input) => input.remove());
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
