/*
What is edited, and everything that can be done with it; it knows no page.

    const editor = createEditor({steps, fields}, {changed, say})
    editor.steps, editor.fields     the steps (model.js), and the template's own fields by name
    editor.keys, editor.edge        what is chosen: keys of steps, or a dependency [from, to]
    editor.chosen                   the step, if exactly one is chosen

`changed()` is called after every change of these, `say(text)` tells people what has happened.
Everything but the choice is undone by `undo()`.
*/

import {copied, pasted} from "./clipboard.js";
import {createHistory} from "./history.js";
import * as model from "./model.js";
import {rename} from "./references.js";

export const createEditor = (first, {changed, say}) => {
    let keys = [];
    let edge = null;
    let renaming = {};
    const history = createHistory(first, () => settleChoice());

    const settleChoice = () => {
        const known = new Set(editor.steps.map(({key}) => key));
        keys = keys.filter((key) => known.has(key));
        changed();
    };
    const change = (steps, tag) => history.change({...history.value, steps}, tag);
    const choose = (nextKeys, nextEdge = null) => {
        [keys, edge] = [nextKeys, nextEdge];
        changed();
    };
    const changeAndChoose = (steps, nextKeys) => {
        [keys, edge] = [nextKeys, null];
        change(steps);
        changed();
    };
    const take = (text) => {
        const {steps, keys: made, left, error} = pasted(editor.steps, text);
        if (error) {
            say(error);
            return;
        }
        changeAndChoose(steps, made);
        const lost = left
            ? ` ${count(left, "dependency", "dependencies")} on steps that are not here left out.`
            : "";
        say(`${count(made.length, "step")} added.${lost}`);
    };

    const editor = {
        get steps() {
            return history.value.steps;
        },
        get fields() {
            return history.value.fields;
        },
        get value() {
            return history.value;
        },
        get keys() {
            return keys;
        },
        get edge() {
            return edge;
        },
        get chosen() {
            return keys.length === 1 ? model.stepOf(editor.steps, keys[0]) : undefined;
        },
        get canUndo() {
            return history.canUndo;
        },
        get canRedo() {
            return history.canRedo;
        },
        undo: history.undo,
        redo: history.redo,
        settle: history.settle,
        choose: (key) => choose(key === null ? [] : [key]),
        chooseAll: (all) => choose(all),
        chooseEdge: (from, to) => choose([], [from, to]),
        toggle: (key) =>
            choose(keys.includes(key) ? keys.filter((each) => each !== key) : [...keys, key]),

        replace: (value) => history.change(value),
        setFields: (fields, tag) =>
            history.change({...history.value, fields: {...editor.fields, ...fields}}, tag),
        update: (key, fields, tag) => change(model.update(editor.steps, key, fields), tag),
        /* Typed letter by letter: expressions follow from what they were before the first. */
        rename(key, fields, tag) {
            if (renaming.key !== key || renaming.steps !== editor.steps) {
                renaming = {key, from: editor.steps};
            }
            const {steps, places} = rename(renaming.from, key, fields);
            change(steps, tag);
            renaming = {...renaming, steps: editor.steps, places};
        },
        tellRenamed() {
            if (renaming.places) {
                say(`Renamed in ${count(renaming.places, "place")} of other steps, too.`);
            }
            renaming = {};
        },
        updateAll: (fields) =>
            change(keys.reduce((steps, key) => model.update(steps, key, fields), editor.steps)),
        depend(key, id) {
            const known = editor.steps.find((step) => step.step_id === id);
            change(model.connect(editor.steps, known ? known.key : id, key));
        },
        connect: (from, to) => changeAndChoose(model.connect(editor.steps, from, to), [to]),
        disconnect: (from, to) => changeAndChoose(model.disconnect(editor.steps, from, to), [to]),
        add(dependsOn = []) {
            const id = model.freeId(editor.steps);
            const step = model.newStep({step_id: id, depends_on: dependsOn});
            changeAndChoose([...editor.steps, step], [step.key]);
            return step.key;
        },
        remove(gone = keys) {
            const names = gone.map((key) => model.stepOf(editor.steps, key).step_id);
            const at = editor.steps.findIndex(({key}) => key === gone[0]);
            const steps = model.remove(editor.steps, gone);
            const next = steps[Math.min(at, steps.length - 1)]?.key;
            changeAndChoose(steps, next === undefined || gone.length > 1 ? [] : [next]);
            const what = names.length === 1 ? names[0] : `${names.length} steps`;
            say(`${what} removed; Undo brings ${names.length === 1 ? "it" : "them"} back.`);
        },
        move: (key, by) => change(model.move(editor.steps, key, by)),
        arrange: (order) => change(model.inOrder(editor.steps, order)),
        copy: () => copied(editor.steps, keys),
        paste: take,
        duplicate: () => take(editor.copy()),
    };
    return editor;
};

const count = (number, word, words = `${word}s`) => `${number} ${number === 1 ? word : words}`;
