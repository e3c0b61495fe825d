/*
Storing: one request, with the version that the author began with.

    const saving = createSaving(data, {template, text, problems, choose, say})
    saving.button, saving.state, saving.notice      parts of the page
    saving.begin()      what is here now is what is stored
    saving.changed()    something may differ from it

A refusal loses nothing: what was drawn stays as it is, and can be saved again.
*/

import {button, element} from "./dom.js";
import * as form from "./form.js";
import {current, store} from "./server.js";

const STORED = "template-stored";

export const createSaving = (data, {template, text, problems, choose, say}) => {
    let version = data.version,
        stored = null,
        busy = false;
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
        state.textContent = isChanged()
            ? "Unsaved changes"
            : version === null
              ? ""
              : `Version ${version}`;
        state.classList.toggle("is-changed", isChanged());
    };

    const begin = () => {
        stored = text();
        changed();
        const said = sessionStorage.getItem(STORED);
        sessionStorage.removeItem(STORED);
        if (said) {
            say(said);
        }
    };

    const save = async () => {
        if (busy) {
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
                element("p", {}, "Not saved: first mend what is marked."),
                element(
                    "ul",
                    {},
                    problems().map(({text: said}) => element("li", {}, said)),
                ),
            );
            return;
        }
        busy = true;
        save.button.disabled = true;
        const before = text();
        const {status, body} = await store(data.store, sent, version);
        busy = false;
        save.button.disabled = false;
        if (status === 200 || status === 201) {
            taken(body, before);
        } else {
            refused(status, body);
        }
    };

    const taken = (body, before) => {
        show();
        form.tell({});
        stored = before;
        const isSame = version === body.version;
        if (version === null) {
            sessionStorage.setItem(STORED, "Saved as version 1.");
            location.assign(data.change.replace("/0/", `/${body.id}/`));
            return;
        }
        version = body.version;
        changed();
        say(isSame ? "Nothing had changed." : `Saved as version ${version}.`);
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
                    `Not saved: ${body.detail ?? "an error of the server."} Nothing is lost; save again.`,
                ),
            );
            return;
        }
        const texts = "detail" in body ? [body.detail] : form.tell(body);
        if (!texts.length) {
            show(element("p", {}, "Not saved: one of the fields above is wrong."));
            return;
        }
        show(
            element("p", {}, "Not saved:"),
            element(
                "ul",
                {},
                texts.map((said) => {
                    const [, id] = said.match(/^step '(.*?)'/) ?? [];
                    return element(
                        "li",
                        {},
                        id ? button(said, () => choose(id), {className: "link"}) : said,
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
                `Version ${theirs} stays in the history, whatever you choose.`,
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
