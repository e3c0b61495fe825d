/*
The command palette: Ctrl+K, or the field in the header. What is typed is looked for on the site; a number alone
is a run, > finds what can be done alone, @ runs by people, and : pages. Enter opens a line, or asks its question.
*/

import {closeDialog, openDialog} from "./dialog.js";
import {element, freshId} from "./dom.js";

const PAUSE_MS = 120;
let asked = 0;
let parts;
const address = document.querySelector("[data-palette]")?.dataset.palette;

const icon = (name) => element("span", {className: `icon icon-${name}`, "aria-hidden": "true"});

/* The text with what was looked for in it marked. */
const marked = (text, query) => {
    const at = query ? text.toLowerCase().indexOf(query.toLowerCase()) : -1;
    if (at < 0) {
        return [text];
    }
    const end = at + query.length;
    return [text.slice(0, at), element("mark", {}, text.slice(at, end)), text.slice(end)];
};

const lineOf = (item, query) => {
    const line = element(
        "li",
        {role: "option", id: freshId()},
        icon(item.icon),
        element("span", {className: "text"}, ...marked(item.text, query)),
        element("span", {className: "note"}, item.note),
    );
    line.item = item;
    return line;
};

/* A form as those of the pages: it opens its question as a dialog. */
const operate = ({url, operation, rows}) => {
    const hidden = (name, value) => element("input", {type: "hidden", name, value});
    const form = element(
        "form",
        {method: "post", className: "operations-form", hidden: true},
        hidden("action", operation),
        ...rows.map((row) => hidden("_selected_action", row)),
        hidden("from_page", "1"),
        hidden("csrfmiddlewaretoken", ""),
    );
    form.setAttribute("action", url);
    document.body.append(form);
    form.requestSubmit();
    form.remove();
};

const lines = () => [...parts.list.querySelectorAll("[role=option]")];
const chosen = () => parts.list.querySelector("[aria-selected=true]");

const choose = (line) => {
    chosen()?.removeAttribute("aria-selected");
    line?.setAttribute("aria-selected", "true");
    line?.scrollIntoView({block: "nearest"});
    parts.input.setAttribute("aria-activedescendant", line?.id ?? "");
};

const take = (line, inTab) => {
    if (!line) {
        return;
    }
    const {item} = line;
    if (inTab && !item.operation) {
        window.open(item.url, "_blank", "noopener");
        return;
    }
    closeDialog();
    if (item.operation) {
        operate(item);
    } else {
        location.assign(item.url);
    }
};

const show = (sections, query) => {
    const word = query.replace(/^[>@:]\s*/, "");
    parts.list.replaceChildren(
        ...sections.flatMap(({name, items}) => [
            element("li", {role: "presentation", className: "section"}, name),
            ...items.map((item) => lineOf(item, word)),
        ]),
    );
    parts.said.textContent = lines().length ? "" : "Nothing is found.";
    choose(lines()[0]);
};

const find = async () => {
    asked += 1;
    const [mine, query] = [asked, parts.input.value.trim()];
    try {
        const response = await fetch(`${address}?${new URLSearchParams({q: query})}`, {
            redirect: "manual",
            headers: {Accept: "application/json"},
        });
        if (!response.ok) {
            throw new Error(response.status);
        }
        const {sections} = await response.json();
        if (mine === asked) {
            show(sections, query);
        }
    } catch {
        parts.said.textContent = "The site does not answer, or you are logged out.";
    }
};

const keyed = (event) => {
    const by = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (by) {
        const all = lines();
        choose(all.at((all.indexOf(chosen()) + by) % all.length));
    } else if (event.key === "Enter") {
        take(chosen(), event.ctrlKey || event.metaKey);
    } else {
        return;
    }
    event.preventDefault();
};

const makeInput = (list) => {
    const input = element("input", {
        type: "text",
        role: "combobox",
        autocomplete: "off",
        spellcheck: false,
        placeholder: "A run number, a template, a step, or what to do",
        "aria-label": "Search or jump to",
        "aria-expanded": "true",
        "aria-controls": list.id,
    });
    let pause;
    input.addEventListener("input", () => {
        clearTimeout(pause);
        pause = setTimeout(find, PAUSE_MS);
    });
    input.addEventListener("keydown", keyed);
    return input;
};

const kbd = (key) => element("kbd", {}, key);

const hints = () =>
    element(
        "p",
        {className: "hints"},
        element("span", {}, kbd("↑"), kbd("↓"), " choose ", kbd("Ctrl Enter"), " new tab"),
        element("span", {}, "1284 a run · > acts only · @ people · : pages"),
    );

const open = () => {
    const list = element("ul", {id: freshId(), role: "listbox", "aria-label": "Found"});
    list.addEventListener("click", (event) =>
        take(event.target.closest("[role=option]"), event.ctrlKey || event.metaKey),
    );
    const said = element("p", {className: "said", role: "status"});
    parts = {list, said, input: makeInput(list)};
    const field = element("p", {className: "field"}, icon("search"), parts.input, kbd("Esc"));
    const content = element("div", {}, field, list, said, hints());
    openDialog({title: "Search or jump to", content}).classList.add("palette");
    find();
};

if (address) {
    document.addEventListener("keydown", (event) => {
        if (
            (event.ctrlKey || event.metaKey) &&
            event.key.toLowerCase() === "k" &&
            !event.shiftKey
        ) {
            event.preventDefault();
            open();
        }
    });
    for (const opener of document.querySelectorAll("[data-palette-opener]")) {
        opener.hidden = false;
        opener.addEventListener("click", open);
    }
}
