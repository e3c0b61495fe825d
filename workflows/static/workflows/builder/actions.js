/*
What the buttons and keys of the builder do, beyond what the editor does by itself.

    createActions(editor, {parts, wrong, discard, host})

`parts()` returns {canvas, drawer, frame, inspector, panels}; `wrong()` the problems of steps;
`discard()` takes the draft away.
*/

import {ask} from "./asking.js";

/* The tab and the name of the input of a field; others stand in the first one by their own name. */
const TABS = {depends_on: ["waits", "add-dependency"]};

export const createActions = (editor, {parts, wrong, discard, host}) => {
    const startNaming = (key) => {
        const {canvas, drawer, inspector} = parts();
        canvas.reveal(key);
        drawer.open("does");
        inspector.focus("step_id");
        document.activeElement.select?.();
    };
    const paste = (text) => {
        editor.paste(text);
        if (editor.keys.length) {
            parts().canvas.reveal(editor.keys[0]);
        }
    };

    const actions = {
        add: () => startNaming(editor.add()),
        branchFrom: (keys) => startNaming(editor.add(keys)),
        open(key, field = null) {
            const {canvas, drawer, inspector, panels} = parts();
            panels.leave();
            editor.choose(key);
            canvas.reveal(key);
            if (field) {
                const [tab, name] = TABS[field] ?? ["does", field];
                drawer.open(tab);
                inspector.focus(name);
            }
        },
        close() {
            const {canvas, drawer, panels} = parts();
            const [key] = editor.keys;
            panels.leave();
            drawer.close();
            editor.choose(null);
            key === undefined ? canvas.svg.focus() : canvas.focus(key);
        },
        settings: () => parts().panels.open("template"),
        parameters: () => parts().panels.open("parameters"),
        text: () => parts().panels.open("text"),
        order: () => parts().panels.open("order"),

        /* To the next step that will not work, in the order of the list. */
        walk(by) {
            const found = wrong();
            const marked = new Set(found.map(({key}) => key));
            const keys = editor.steps.map(({key}) => key).filter((key) => marked.has(key));
            const at = keys.indexOf(editor.keys[0]);
            const next =
                at < 0 ? (by > 0 ? 0 : keys.length - 1) : (at + by + keys.length) % keys.length;
            const key = keys[next];
            actions.open(key);
            const {step_id: id} = editor.chosen;
            parts().frame.say(`${id}: ${found.find((problem) => problem.key === key).text}`);
        },
        undo: () => editor.undo(),
        redo: () => editor.redo(),
        async copy() {
            const text = editor.copy();
            try {
                await navigator.clipboard.writeText(text);
                actions.copied();
            } catch {
                document.execCommand("copy"); /* keys.js gives it the text */
            }
        },
        copied: () =>
            parts().frame.say(
                `${editor.keys.length === 1 ? "The step is" : `${editor.keys.length} steps are`} in the clipboard.`,
            ),
        async paste() {
            try {
                paste(await navigator.clipboard.readText());
            } catch {
                parts().frame.say("Press Ctrl+V to paste.");
            }
        },
        pasteText: paste,
        arrange() {
            const {canvas, frame} = parts();
            editor.arrange(canvas.order());
            canvas.begin();
            frame.say(
                "Arranged: the order of dispatch is that of the drawing; Undo brings the old one back.",
            );
        },
        zoom: (factor) => parts().canvas.zoom(factor),
        fit: () => parts().canvas.fit(),
        actualSize: () => parts().canvas.zoom(1 / parts().canvas.scale),
        fullScreen() {
            host.classList.toggle("is-full");
            parts().frame.stretch();
        },
        async discard() {
            const sure = await ask({
                title: "Discard the draft?",
                text: "What you have changed since the last save is thrown away. This cannot be undone.",
                act: "Discard the draft",
                keep: "Keep it",
            });
            if (sure) {
                discard();
            }
        },
    };
    return actions;
};
