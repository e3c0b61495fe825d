/*
Tries the draft, or one step of it, as it is drawn now; nothing is saved.

    const trying = createTrying(data, server, {template, version, refused, show})
    trying.runButton            runs the whole draft
    trying.tryButton(stepId)    tries one step

The form comes from the server, which makes it as for a run. `show(started, again)` tells how the trial
goes; `refused(status, body)` what keeps the draft from being tried.
*/

import {closeDialog, openDialog} from "../dialog.js";
import {button, element} from "../dom.js";

export const createTrying = (data, server, {template, version, refused, show}) => {
    let isBusy = false;

    const request = (stepId, form) => {
        const body = form ?? new FormData();
        body.set("draft", JSON.stringify(template()));
        body.set("step", stepId);
        body.set("version", version() ?? "");
        return server.ask(data.try, {method: "POST", body});
    };
    const send = async (stepId, form, secrets = []) => {
        if (isBusy) {
            return;
        }
        isBusy = true;
        const {status, body, text} = await request(stepId, form);
        isBusy = false;
        if (status === 201) {
            closeDialog();
            show({...body, stepId}, () => send(stepId, without(secrets, form), secrets));
        } else if ([200, 400].includes(status) && text.trimStart().startsWith("<")) {
            ask(stepId, text, form);
        } else {
            closeDialog();
            refused(status, body);
        }
    };
    const ask = (stepId, text, sent) => {
        const page = new DOMParser().parseFromString(text, "text/html");
        const form = page.querySelector("form");
        const isChosen = sent && !sent.has("start");
        const title = stepId ? `Try ${stepId}` : "Run this draft";
        const dialog = openDialog({title, icon: "play", content: form});
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            const filled = new FormData(form);
            filled.set("start", "1");
            send(stepId, filled, secretsOf(form));
        });
        form.earlier?.addEventListener("change", () => send(stepId, new FormData(form)));
        const first = isChosen
            ? form.earlier
            : (form.querySelector(".trial-field:has(.field-error) [name]") ??
              form.querySelector(".trial-field [name]"));
        (first ?? dialog.querySelector("[type=submit]")).focus();
    };

    const made = (name, text, act) => {
        const why = data.may_not_try ?? "";
        const found = button("", act, {
            className: "button",
            name,
            disabled: Boolean(why),
            title: why,
        });
        found.append(
            element("span", {className: "icon icon-play", "aria-hidden": "true"}),
            element("span", {className: "tool-name"}, text),
        );
        return found;
    };
    return {
        runButton: made("run-draft", "Run this draft…", () => send("")),
        tryButton: (stepId) => made("try-step", "Try…", () => send(stepId)),
    };
};

/* What is secret is not kept for the next time: the form asks for it again. */
const secretsOf = (form) => [...form.querySelectorAll("[type=password]")].map(({name}) => name);
const without = (names, form) => {
    const kept = new FormData();
    for (const [name, value] of form) {
        if (!names.includes(name)) {
            kept.append(name, value);
        }
    }
    return kept;
};
