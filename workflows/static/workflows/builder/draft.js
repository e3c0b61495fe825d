/*
Keeps what is being edited in the browser, so that no end of a session, reload or restart loses it.

    const draft = createDraft(key, {kept})
    draft.read()                → {value, version, at} or null
    draft.keep(value, version)  soon, and at once when the page is left
    draft.drop()
    draft.isSafe                nothing would be lost if the page were left now

`kept(at)` is called when it has been stored, with the moment; `kept(null, why)` when it is not: the browser
refuses, or another tab with this template has stored or removed its own since. The next change is kept again.
*/

import {parse} from "./json.js";
import {revive} from "./model.js";

const SOON_MS = 400;

export const createDraft = (key, {kept}) => {
    let waiting = null;
    let timer = 0;
    let isKept = true;
    let known = ""; /* what is stored, as far as this tab knows */

    const lost = (why) => {
        isKept = false;
        known = "";
        kept(null, why);
    };

    const store = () => {
        clearTimeout(timer);
        if (waiting === null) {
            return;
        }
        const text = JSON.stringify(waiting);
        waiting = null;
        try {
            localStorage.setItem(key, text);
            isKept = true;
            kept(Date.now());
        } catch {
            lost("this browser refuses");
        }
    };
    addEventListener("storage", (event) => {
        if (event.key === key && waiting === null) {
            lost("another tab has this template, too");
        }
    });
    addEventListener("pagehide", store);
    document.addEventListener("visibilitychange", store);

    return {
        get isSafe() {
            store();
            return isKept;
        },
        read() {
            try {
                const found = parse(localStorage.getItem(key));
                const {steps, fields} = found.value;
                const value = {steps: revive(steps), fields};
                known = JSON.stringify(value);
                return {...found, value};
            } catch {
                return null; /* nothing, or nothing that this release can read */
            }
        },
        keep(value, version) {
            const text = JSON.stringify(value);
            if (text === known) {
                return; /* a tab that is opened must not take the draft from the one before */
            }
            known = text;
            waiting = {value, version, at: Date.now()};
            clearTimeout(timer);
            timer = setTimeout(store, SOON_MS);
        },
        drop() {
            waiting = null;
            known = "";
            clearTimeout(timer);
            try {
                localStorage.removeItem(key);
            } catch {
                /* Where nothing can be stored, nothing was. */
            }
        },
    };
};
