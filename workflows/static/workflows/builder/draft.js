/*
Keeps what is being edited in the browser, so that no end of a session, reload or restart loses it.

    const draft = createDraft(key, {kept})
    draft.read()                → {value, version, at} or null
    draft.keep(value, version)  soon, and at once when the page is left
    draft.drop()
    draft.isSafe                nothing would be lost if the page were left now

`kept(at)` is called when it has been stored, with the moment; `kept(null)` if the browser refuses.
*/

import {parse} from "./json.js";
import {revive} from "./model.js";

const SOON_MS = 400;

export const createDraft = (key, {kept}) => {
    let waiting = null;
    let timer = 0;
    let isRefused = false;

    const store = () => {
        clearTimeout(timer);
        if (waiting === null) {
            return;
        }
        const text = JSON.stringify(waiting);
        waiting = null;
        try {
            localStorage.setItem(key, text);
            isRefused = false;
            kept(Date.now());
        } catch {
            isRefused = true;
            kept(null);
        }
    };
    addEventListener("pagehide", store);
    document.addEventListener("visibilitychange", store);

    return {
        get isSafe() {
            store();
            return !isRefused;
        },
        read() {
            try {
                const found = parse(localStorage.getItem(key));
                const {steps, fields} = found.value;
                return {...found, value: {fields, steps: revive(steps)}};
            } catch {
                return null; /* nothing, or nothing that this release can read */
            }
        },
        keep(value, version) {
            waiting = {value, version, at: Date.now()};
            clearTimeout(timer);
            timer = setTimeout(store, SOON_MS);
        },
        drop() {
            waiting = null;
            clearTimeout(timer);
            try {
                localStorage.removeItem(key);
            } catch {
                /* Where nothing can be stored, nothing was. */
            }
        },
    };
};
