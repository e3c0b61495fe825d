/*
A value with its past and future, for undo and redo.

    const history = createHistory(value, changed)
    history.change(value, name?)    changes of one name in a row are undone together
    history.settle()                 what comes next is undone by itself, whatever its name
    history.undo(), history.redo()

`changed()` is called after each change.
*/

import {same} from "./json.js";

export const createHistory = (first, changed) => {
    let value = first;
    let lastName = null;
    const past = [];
    const future = [];

    const travel = (from, to) => {
        if (from.length) {
            to.push(value);
            value = from.pop();
            lastName = null;
            changed();
        }
    };

    return {
        get value() {
            return value;
        },
        get canUndo() {
            return past.length > 0;
        },
        get canRedo() {
            return future.length > 0;
        },
        change(next, name = null) {
            if (same(next, value)) {
                return;
            }
            if (name === null || name !== lastName) {
                past.push(value);
            }
            value = next;
            future.length = 0;
            lastName = name;
            changed();
        },
        settle() {
            lastName = null;
        },
        undo: () => travel(past, future),
        redo: () => travel(future, past),
    };
};
