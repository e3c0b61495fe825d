/*
The builder of a template: what is drawn and edited here is stored by one request.

Without JavaScript, `?plain` shows a form instead. Each part is explained in its own file.
*/

import {duration} from "../run/duration.js";
import {createActions} from "./actions.js";
import {createCanvas} from "./canvas.js";
import {createChecking} from "./checking.js";
import {createCompleting} from "./completing.js";
import {offersFor} from "./completions.js";
import {createDraft} from "./draft.js";
import {createDrawer} from "./drawer.js";
import {createEditor} from "./editor.js";
import * as form from "./form.js";
import {createFrame} from "./frame.js";
import {createImport} from "./importing.js";
import {createInspector} from "./inspector.js";
import {parse, parseObject} from "./json.js";
import {listen} from "./keys.js";
import {createLately} from "./lately.js";
import {loggedOut} from "./login.js";
import {createMenu} from "./menu.js";
import * as model from "./model.js";
import {createOutcome} from "./outcome.js";
import {createPanels} from "./panels.js";
import {problemsOf} from "./problems.js";
import {createSaving, messageOfLastPage} from "./saving.js";
import {createServer} from "./server.js";
import {createTrying} from "./trying.js";

const start = (host) => {
    const data = parse(document.getElementById("builder-data").textContent);
    const server = createServer({loggedOut});
    const first = {steps: model.read(data.template.steps), fields: form.values()};
    const draft = createDraft(data.draft, {kept: (...told) => frame.kept(...told)});
    let problems = []; /* what the page knows itself: saving it would be refused */
    let hints = []; /* what the check of the server finds */
    let wasChosen = "";

    const template = ({steps, fields} = editor.value) => {
        const {template: own, wrong} = form.parsed(fields);
        return {template: {...own, steps: model.write(steps)}, wrong};
    };
    const textOf = (value) =>
        JSON.stringify([
            value.fields,
            model.write(value.steps),
            value.steps.map(({draft: d}) => d),
        ]);
    let stored = textOf(first);
    let sentText = null;
    const found = draft.read();
    const kept = found && textOf(found.value) !== stored ? found : null;
    const isChanged = () => textOf(editor.value) !== stored;

    const look = () => {
        problems = problemsOf(editor.steps, data.longest_timeout);
        const {template: draftTemplate, wrong} = template();
        if (!problems.length && editor.steps.length && !Object.keys(wrong).length) {
            checking.look({...draftTemplate, name: draftTemplate.name.trim() || "draft"});
        }
        hints = checking.problems(editor.steps);
    };
    const all = () => [...problems, ...hints];
    const show = () => {
        const wrong = new Set(all().flatMap(({key, cycle}) => cycle ?? (key ? [key] : [])));
        canvas.render(all());
        frame.render({
            name: editor.fields.name,
            version: saving.version,
            isChanged: isChanged(),
            wrong: wrong.size,
            canUndo: editor.canUndo,
            canRedo: editor.canRedo,
            isChosen: editor.keys.length > 0,
            counts: countsOf(editor.steps),
            parameterCount: panels.parameterCount(),
        });
        panels.showProblems();
    };
    const changed = () => {
        const value = editor.value;
        look();
        if (!inspector.isTyping && !panels.isTyping) {
            form.write(editor.fields);
            showChosen();
        }
        show();
        panels.render();
        inspector.showProblems();
        saving.settled();
        isChanged() ? draft.keep(value, saving.version) : draft.drop();
    };
    /* The drawer follows what is chosen; a part of the template stays open beside nothing. */
    const showChosen = () => {
        const chosen = JSON.stringify([editor.keys, editor.edge]);
        const isOther = chosen !== wasChosen;
        wasChosen = chosen;
        if (!panels.isOpen || (isOther && (editor.keys.length || editor.edge))) {
            panels.leave();
            if (!inspector.render()) {
                drawer.close();
            }
        }
    };

    const editor = createEditor(kept?.value ?? first, {changed, say: (text) => frame.say(text)});
    const checking = createChecking(server, data.check, {
        found() {
            hints = checking.problems(editor.steps);
            show();
            inspector.showProblems();
        },
    });
    const lately = createLately(server, data.lately);
    const saving = createSaving(data, server, {
        template() {
            sentText = textOf(editor.value);
            return template();
        },
        problems: () => problems,
        choose: (of, field) => actions.open(typeof of === "string" ? keyNamed(of) : of, field),
        showErrors: (errors) => panels.showErrors(errors),
        say: (text) => frame.say(text),
        saved(body, before) {
            const isUntouched = sentText === stored;
            stored = sentText;
            isChanged() ? draft.keep(editor.value, body.version) : draft.drop();
            // Labels change without a version.
            const same = isUntouched
                ? "Nothing has changed."
                : `Saved; it is still version ${before}.`;
            frame.say(before === body.version ? same : `Saved as version ${body.version}.`);
            show();
        },
    });
    const keyNamed = (id) => editor.steps.find((step) => step.step_id === id)?.key ?? null;
    /* `#step=ID` at the end of the address opens that step. */
    const openNamed = () => {
        const id = new URLSearchParams(location.hash.slice(1)).get("step");
        const key = id === null ? null : keyNamed(id);
        if (key !== null) {
            actions.open(key);
        }
    };
    addEventListener("hashchange", openNamed);
    const actions = createActions(editor, {
        parts: () => ({canvas, drawer, frame, inspector, panels}),
        wrong: () => all().filter(({key}) => key !== undefined),
        discard() {
            draft.drop();
            location.reload();
        },
        host,
    });
    const [importButton, dialog] = createImport(server, data.read, (given) => {
        panels.take(given);
        frame.say(`${editor.steps.length} steps were read; save to keep them.`);
    });
    host.append(dialog);
    const trying = createTrying(data, server, {
        template: () => template().template,
        version: () => saving.version,
        refused: (status, body) => saving.tell("Not tried", status, body),
        show: (started, again) => outcome.show(started, again),
    });
    const frame = createFrame(host, actions, {
        run: trying.runButton,
        save: saving.button,
        notice: saving.notice,
        menu: createMenu(actions, importButton),
    });
    const outcome = createOutcome(frame.ground);
    const drawer = createDrawer(frame.drawer, {
        icons: host.dataset.icons,
        closed: () => actions.close(),
    });
    const schema = () => parseObject(editor.fields.parameters_schema).value ?? {};
    const inspector = createInspector(frame.drawer, drawer, editor, {
        data,
        lately,
        schema,
        duration,
        problems: all,
        add: actions.branchFrom,
        copy: actions.copy,
        tryButton: trying.tryButton,
    });
    const panels = createPanels(editor, drawer, {
        data,
        server,
        choose: actions.open,
        problems: all,
        template,
        say: (text) => frame.say(text),
    });
    const canvas = createCanvas(frame.canvas, {
        icons: host.dataset.icons,
        editor,
        say: (text) => frame.say(text),
        scaled: (scale) => frame.showScale(scale),
        branch: (from) => actions.branchFrom([from]),
        open: (key, event) => actions.open(key, event.type === "keydown" ? "step_id" : null),
    });
    createCompleting(frame.drawer, frame.stage, offersFor(editor, {data, lately, schema}));
    listen(host, editor, {actions, saving, frame, canvas});

    host.hidden = false;
    saving.version = kept?.version ?? data.version;
    document.getElementById("workflowtemplate_form").addEventListener("submit", (event) => {
        event.preventDefault();
        saving.save();
    });
    addEventListener("beforeunload", (event) => {
        if (isChanged() && !draft.isSafe) {
            event.preventDefault();
        }
    });
    frame.stretch();
    changed();
    canvas.begin();
    openNamed();
    frame.kept(kept?.at ?? 0);
    frame.say(messageOfLastPage() ?? (kept ? "Your draft is here again." : ""));
};

const countsOf = (steps) => {
    const lines = model.edgesOf(steps).length;
    return `${steps.length} step${steps.length === 1 ? "" : "s"}, ${lines} line${lines === 1 ? "" : "s"} · Shift+drag selects · drag a dot to the step that shall wait`;
};

const host = document.getElementById("builder");
if (host) {
    start(host);
}
