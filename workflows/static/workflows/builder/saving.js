/*
Saves the template by one request, which names the version that the author began with.

    const saving = createSaving(data, server, {template, problems, choose, showErrors, say, saved})
    saving.version, saving.notice
    saving.save()       as the button does
    saving.settled()    what kept it from being saved may have gone
    saving.tell(what, status, body)     shows why the site has refused something: "Not saved"

If the server refuses, nothing is lost: the page stays as it is and can be saved again. `saved(body,
before)` is called with the answer and the version before.
*/

import {button, element} from "../dom.js";

const STORED = "template-stored";
const MOST_SHOWN = 5;

export const messageOfLastPage = () => {
    const message = sessionStorage.getItem(STORED);
    sessionStorage.removeItem(STORED);
    return message;
};

export const createSaving = (data, server, tools) => {
    const {template, problems, choose, showErrors, say, saved} = tools;
    let {version} = data;
    let isBusy = false;
    let isStopped = false; /* by what the page knows itself */
    const notice = element("div", {className: "builder-notice", role: "alert", hidden: true});

    const show = (...content) => {
        notice.replaceChildren(...content, ...(content.length ? [close()] : []));
        notice.hidden = !content.length;
    };
    const close = () => button("×", () => show(), {className: "close", "aria-label": "Close"});
    const list = (texts) =>
        element(
            "ul",
            {},
            texts.slice(0, MOST_SHOWN).map((text) => element("li", {}, text)),
            texts.length > MOST_SHOWN
                ? element("li", {}, `and ${texts.length - MOST_SHOWN} more`)
                : null,
        );
    const problemLinks = (found) =>
        found.map(({key, text, field}) =>
            key === undefined ? text : button(text, () => choose(key, field), {className: "link"}),
        );

    const save = async () => {
        if (isBusy) {
            return;
        }
        const {template: sent, wrong} = template();
        if (Object.keys(wrong).length) {
            showErrors(wrong);
            show(element("p", {}, "Not saved: one of the fields of the template is wrong."));
            return;
        }
        const found = sent.steps.length
            ? problems()
            : [{text: "A template needs at least one step."}];
        if (found.length) {
            isStopped = true;
            show(
                element("p", {}, "Not saved: first correct what is marked."),
                list(problemLinks(found)),
            );
            return;
        }
        isBusy = true;
        saving.button.disabled = true;
        const {status, body} = await server.post(
            data.store,
            version === null ? sent : {...sent, version},
            {method: version === null ? "POST" : "PUT"},
        );
        isBusy = false;
        saving.button.disabled = false;
        if (status === 200 || status === 201) {
            stored(body);
        } else {
            refused(status, body);
        }
    };

    const stored = (body) => {
        show();
        showErrors({});
        const before = version;
        version = body.version;
        saved(body, before);
        if (before === null) {
            sessionStorage.setItem(STORED, "Saved as version 1.");
            location.assign(data.change.replace("/0/", `/${body.id}/`));
        }
    };

    const refused = (status, body) => {
        status === 409 ? conflict(body) : tell("Not saved", status, body);
    };
    /* Why something was refused; `what` says what was not done. */
    const tell = (what, status, body) => {
        say("");
        if (status !== 400) {
            const why = body.detail ?? "the site has an internal error.";
            show(element("p", {}, `${what}: ${why} Nothing is lost; try again.`));
            return;
        }
        const texts = "detail" in body ? [body.detail] : showErrors(body);
        if (!texts.length) {
            show(element("p", {}, `${what}: one of the fields of the template is wrong.`));
            return;
        }
        show(element("p", {}, `${what}:`), list(texts.map(linked)));
    };
    const linked = (text) => {
        const [, id] = text.match(/^step '(.*?)'/) ?? [];
        return id ? button(text, () => choose(id), {className: "link"}) : text;
    };

    const conflict = async ({detail}) => {
        const {status, body} = await server.ask(data.store);
        if (status !== 200 || body.version === version) {
            show(element("p", {}, `Not saved: ${detail}`));
            return;
        }
        const theirs = body.version;
        const compared = `${data.versions.replace("/versions/0/", `/versions/${theirs}/`)}?against=${version}`;
        const saveMine = () => {
            version = theirs;
            save();
        };
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
                    {className: "button", href: compared, target: "_blank", rel: "noopener"},
                    "See what they changed",
                ),
                button(`Save mine as version ${theirs + 1}`, saveMine),
            ),
            element(
                "p",
                {className: "help"},
                `Version ${theirs} stays in the history, whichever you choose.`,
            ),
        );
    };

    const saving = {
        button: button("Save", save, {className: "button default"}),
        notice,
        save,
        tell,
        get version() {
            return version;
        },
        set version(began) {
            version = began;
        },
        settled() {
            if (isStopped && !problems().length) {
                isStopped = false;
                show();
            }
        },
    };
    return saving;
};
