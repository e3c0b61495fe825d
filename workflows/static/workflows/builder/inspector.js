/*
The fields of the chosen step, of several steps, or of a dependency, in the drawer.

    const inspector = createInspector(host, drawer, editor, {data, lately, schema, problems, add})
    inspector.render()          for what is chosen now; builds the fields anew
    inspector.isTyping          what has just changed was typed into its own fields
    inspector.showProblems()    shows at each field what is wrong with it
    inspector.focus(name)       moves the focus to the input of that name
*/

import {button, element} from "../dom.js";
import {dependencyFields, waitsFor} from "./dependencies.js";
import {edgesOf, stepOf} from "./model.js";
import {payloadEditor} from "./payload.js";
import {approvalField, fieldWith, runnerField, secondsField, textField} from "./step_fields.js";
import {runsTab, timesTab} from "./step_runs.js";
import {workOf} from "./work.js";

export const createInspector = (host, drawer, editor, tools) => {
    const {data, lately, schema, problems, add} = tools;
    let isTyping = false;

    const typed = (act) => {
        isTyping = true;
        act();
        isTyping = false;
    };
    /* A title that is the key follows it. */
    const updater = (step) => (given, tag) => {
        const follows = "step_id" in given && step.title === step.step_id;
        const fields = follows ? {...given, title: given.step_id} : given;
        Object.assign(step, fields);
        const act = "step_id" in given ? editor.rename : editor.update;
        typed(() => act(step.key, fields, tag));
        if (follows) {
            host.querySelector("[name=title]").value = step.title;
        }
    };

    const does = (step) => {
        const update = updater(step);
        const key = textField(step, "step_id", update);
        key.addEventListener("change", editor.tellRenamed);
        const payload = payloadEditor(step, update, () => inspector.render(), {...data, schema});
        return [
            element(
                "div",
                {className: "two"},
                fieldWith("step_id", "Key", key),
                fieldWith("runner", "Runner", runnerField(step, data.runners, update)),
            ),
            fieldWith("title", "Title", textField(step, "title", update)),
            payload,
            element("p", {className: "field-error", hidden: true, "data-error": "payload"}),
            element(
                "div",
                {className: "two"},
                fieldWith(
                    "timeout_seconds",
                    "At most",
                    secondsField(step, update),
                    "Such as 90, 15 min or 2 h; a day at most.",
                ),
                approvalField(step, update),
            ),
            waitsFor(step, editor, () => {
                drawer.open("waits");
                inspector.focus("add-dependency");
            }),
        ];
    };

    const showStep = (given) => {
        const step = {...given};
        const position = editor.steps.findIndex(({key}) => key === step.key) + 1;
        const usual = element("span", {className: "help"});
        lately.ask(step.step_id).then((found) => {
            if (found?.runs.length && usual.isConnected) {
                const failed = found.runs.filter(({state}) => state === "failed").length;
                const often = `failed ${failed} of ${found.runs.length}`;
                usual.textContent = found.usual
                    ? `usual ${tools.duration(found.usual)} · ${often}`
                    : often;
                drawer.setCount("runs", found.runs.length);
            }
        });
        drawer.show({
            title: step.step_id || "(no key)",
            label: "The chosen step",
            note: `step ${position} of ${editor.steps.length}`,
            icon: workOf(step.payload),
            acts: step.step_id ? [tools.tryButton(step.step_id)] : [],
            tabs: [
                {name: "does", label: "Does", body: does(step)},
                {
                    name: "waits",
                    label: "Waits for",
                    count: step.depends_on.length,
                    body: dependencyFields(step, editor),
                },
                {
                    name: "times",
                    label: "Times",
                    body: [],
                    opened: (panel) => timesTab(panel, lately.ask(step.step_id)),
                },
                {
                    name: "runs",
                    label: "Runs",
                    body: [],
                    opened: (panel) => runsTab(panel, lately.ask(step.step_id), data),
                },
            ],
            foot: [
                usual,
                element(
                    "span",
                    {className: "acts"},
                    button("Add a step after it", () => add([step.key])),
                    button("Duplicate", () => editor.duplicate()),
                    button("Remove", () => editor.remove(), {className: "button red"}),
                ),
            ],
        });
    };

    const showMany = () => {
        const chosen = editor.keys.map((key) => stepOf(editor.steps, key));
        const all = {runner: chosen[0].runner};
        drawer.show({
            title: `${chosen.length} steps`,
            body: [
                element(
                    "ul",
                    {className: "chips"},
                    chosen.map(({step_id: id}) => element("li", {className: "chip"}, id)),
                ),
                fieldWith(
                    "all-runner",
                    "Runner of all",
                    runnerField(all, data.runners, (fields) => editor.updateAll(fields)),
                ),
            ],
            foot: element(
                "span",
                {className: "acts"},
                button("Copy", () => tools.copy()),
                button("Duplicate", () => editor.duplicate()),
                button(`Remove ${chosen.length} steps`, () => editor.remove(), {
                    className: "button red",
                }),
            ),
        });
    };

    const showEdge = ([from, to]) => {
        const name = (key) => stepOf(editor.steps, key)?.step_id ?? key;
        drawer.show({
            title: "Dependency",
            body: element(
                "p",
                {},
                element("strong", {}, name(to)),
                " waits for ",
                element("strong", {}, name(from)),
                ".",
            ),
            foot: button("Remove the dependency", () => editor.disconnect(from, to), {
                className: "button red",
                name: "remove-edge",
            }),
        });
    };

    const inspector = {
        get isTyping() {
            return isTyping;
        },
        /* Returns false if nothing is chosen. */
        render() {
            const {edge, chosen, keys} = editor;
            const isThere = edgesOf(editor.steps).some(
                ([from, to]) => from === edge?.[0] && to === edge[1],
            );
            if (chosen) {
                showStep(chosen);
            } else if (keys.length > 1) {
                showMany();
            } else if (isThere) {
                showEdge(edge);
            } else {
                return false;
            }
            inspector.showProblems();
            return true;
        },
        showProblems() {
            const key = editor.chosen?.key;
            for (const slot of host.querySelectorAll("[data-error]")) {
                const found = problems().filter(
                    ({key: of, field, cycle}) =>
                        field === slot.dataset.error && (of === key || cycle?.includes(key)),
                );
                slot.textContent = found.map(({text}) => text).join(" ");
                slot.hidden = !found.length;
                slot.classList.toggle(
                    "is-hint",
                    found.every(({isHint}) => isHint),
                );
                host.querySelectorAll(`[data-field="${slot.dataset.error}"]`).forEach((input) => {
                    const isWrong = found.some(({isHint}) => !isHint);
                    input.setAttribute("aria-invalid", String(isWrong));
                });
            }
        },
        focus(name) {
            const found = host.querySelector(`[name="${name}"], [data-field="${name}"]`);
            found?.focus();
        },
    };
    return inspector;
};
