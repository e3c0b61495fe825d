/*
Saves the template by one request, which names the version that the author began with.

    const saving = createSaving(data, {template, text, problems, choose, say})
    saving.button, saving.state, saving.notice      parts of the page
    saving.begin()      what is on the page now is what is stored
    saving.changed()    it may differ now
    saving.save()       as the button does

If the server refuses, nothing is lost: the page stays as it is and can be saved again.
*/

import {button, element} from "../dom.js";
import * as form from "./form.js";
import {current, store} from "./server.js";

const STORED = "template-stored";

/* What the server saved all the same, in the place where it stands when the page is opened. */
const showWarnings = (texts) => {
    const host = document.getElementById("warnings");
    host.hidden = !texts.length;
    host.querySelector("ul").replaceChildren(...texts.map((text) => element("li", {}, text)));
};

export const createSaving = (data, {template, text, problems, choose, say}) => {
    let version = data.version;
    let stored = null;
    let isBusy = false;
    const state = element("span", {className: "saved-state"});
    const notice = element("div", {className: "builder-notice", role: "alert", hidden: true});

    const show = (...content) => {
        notice.replaceChildren(...content);
        notice.hidden = !content.length;
    };
    const isChanged = () => stored !== null && text() !== stored;
    const changed = () => {
        if (state.dataset.stopped && !problems().length) {
            delete state.dataset.stopped;
            show();
        }
        const stateOfStored = version === null ? "" : `Version ${version}`;
        state.textContent = isChanged() ? "Unsaved changes" : stateOfStored;
        state.classList.toggle("is-changed", isChanged());
    };

    const begin = () => {
        stored = text();
        changed();
        const message = sessionStorage.getItem(STORED);
        sessionStorage.removeItem(STORED);
        if (message) {
            say(message);
        }
    };

    const save = async () => {
        if (isBusy) {
            return;
        }
        const sent = template();
        if (!sent) {
            say("Not saved: one of the fields above is wrong.");
            return;
        }
        if (problems().length) {
            state.dataset.stopped = "yes";
            show(
                element("p", {}, "Not saved: first correct what is marked."),
                element(
                    "ul",
                    {},
                    problems().map(({text: problem}) => element("li", {}, problem)),
                ),
            );
            return;
        }
        isBusy = true;
        save.button.disabled = true;
        const before = text();
        const {status, body} = await store(data.store, sent, version);
        isBusy = false;
        save.button.disabled = false;
        if (status === 200 || status === 201) {
            saved(body, before);
        } else {
            refused(status, body);
        }
    };

    const saved = (body, before) => {
        show();
        form.showErrors({});
        const isUntouched = before === stored;
        stored = before;
        const isSame = version === body.version;
        if (version === null) {
            sessionStorage.setItem(STORED, "Saved as version 1.");
            location.assign(data.change.replace("/0/", `/${body.id}/`));
            return;
        }
        version = body.version;
        changed();
        showWarnings(body.warnings);
        // Labels change without a version.
        const ofSame = isUntouched
            ? "Nothing has changed."
            : `Saved; it is still version ${version}.`;
        say(isSame ? ofSame : `Saved as version ${version}.`);
        const shown = document.querySelector(
            ".field-version .readonly, .fieldBox.field-version .readonly",
        );
        if (shown) {
            shown.textContent = version;
        }
    };

    const refused = (status, body) => {
        say("");
        if (status === 409) {
            conflict(body);
            return;
        }
        if (status !== 400) {
            show(
                element(
                    "p",
                    {},
                    `Not saved: ${body.detail ?? "internal server error."} Nothing is lost; save again.`,
                ),
            );
            return;
        }
        const texts = "detail" in body ? [body.detail] : form.showErrors(body);
        if (!texts.length) {
            show(element("p", {}, "Not saved: one of the fields above is wrong."));
            return;
        }
        show(
            element("p", {}, "Not saved:"),
            element(
                "ul",
                {},
                texts.map((error) => {
                    const [, id] = error.match(/^step '(.*?)'/) ?? [];
                    return element(
                        "li",
                        {},
                        id ? button(error, () => choose(id), {className: "link"}) : error,
                    );
                }),
            ),
        );
    };

    const conflict = async ({detail}) => {
        const {status, body} = await current(data.store);
        if (status !== 200 || body.version === version) {
            show(element("p", {}, `Not saved: ${detail}`));
            return;
        }
        const theirs = body.version;
        const compared = `${data.versions.replace("/versions/0/", `/versions/${theirs}/`)}?against=${version}`;
        show(
            element(
                "p",
                {},
                element("strong", {}, "Not saved: "),
                `somebody else has saved version ${theirs} since you began with version ${version}. What you drew is still here.`,
            ),
            element(
                "div",
                {className: "operations"},
                element(
                    "a",
                    {className: "button quiet", href: compared, target: "_blank", rel: "noopener"},
                    "See what they changed",
                ),
                button(
                    `Save mine as version ${theirs + 1}`,
                    () => {
                        version = theirs;
                        save();
                    },
                    {className: "button"},
                ),
            ),
            element(
                "p",
                {className: "help"},
                `Version ${theirs} stays in the history, whichever you choose.`,
            ),
        );
    };

    addEventListener("beforeunload", (event) => {
        if (isChanged()) {
            event.preventDefault();
        }
    });
    save.button = button("Save", save, {className: "button default"});
    return {button: save.button, state, notice, begin, changed, save};
};
