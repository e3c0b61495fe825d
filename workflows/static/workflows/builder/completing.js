/*
Offers what can be typed, in a list below the caret: while somebody types, and on Ctrl+Space.

    createCompleting(host, layer, offers)     the list is shown in `layer`, around `host`

`offers(field, caret)` returns {start, typed, entries, note} or null for the fields in `host` that have
`data-completes`; `more` is a promise after which there may be more. An entry is {text, type, value};
`note` says where values come from. Tab or Enter takes an entry, Escape closes the list.
*/

import {element, freshId} from "../dom.js";

export const createCompleting = (host, layer, offers) => {
    const listId = freshId();
    const list = element("ul", {id: listId, role: "listbox", "aria-label": "What fits here"});
    const note = element("span");
    const foot = element(
        "p",
        {className: "completion-foot"},
        note,
        element("span", {}, element("kbd", {}, "Tab"), " take"),
    );
    const said = element("p", {className: "visually-hidden", role: "status"});
    const popup = element("div", {className: "completion", hidden: true}, list, foot);
    layer.append(popup, said);
    let field = null;
    let offer = null;
    let chosen = 0;

    const close = () => {
        popup.hidden = true;
        field?.removeAttribute("aria-activedescendant");
        offer = null;
    };
    const mark = (index) => {
        chosen = (index + offer.entries.length) % offer.entries.length;
        [...list.children].forEach((option, number) => {
            option.setAttribute("aria-selected", String(number === chosen));
        });
        list.children[chosen].scrollIntoView({block: "nearest"});
        field.setAttribute("aria-activedescendant", list.children[chosen].id);
    };
    const take = (index) => {
        const {start, entries, closes} = offer;
        const {text} = entries[index];
        const end = field.selectionStart;
        const after = field.value.slice(end);
        const tail = closes && !/^[^\n]*?(\}\}|\|)/.test(after) ? " }}" : "";
        field.setRangeText(text + tail, start, end, "end");
        field.selectionEnd = start + text.length;
        close();
        field.dispatchEvent(new Event("input", {bubbles: true}));
        close(); /* not the same again */
    };
    const option = ({text, type, value}, index, typed) => {
        const at = typed ? text.toLowerCase().indexOf(typed.toLowerCase()) : -1;
        const end = at + typed.length;
        const shown =
            at < 0
                ? [text]
                : [text.slice(0, at), element("b", {}, text.slice(at, end)), text.slice(end)];
        return element(
            "li",
            {
                role: "option",
                id: `${listId}-${index}`,
                onmousedown: (event) => {
                    event.preventDefault();
                    take(index);
                },
            },
            element("code", {}, shown),
            element("span", {}, [type, value].filter(Boolean).join(" · ")),
        );
    };
    /* Below the line of the caret; above it where there is more room. */
    const place = () => {
        const box = field.getBoundingClientRect();
        const around = layer.getBoundingClientRect();
        const line = Number.parseFloat(getComputedStyle(field).lineHeight) || 18;
        const before = field.value.slice(0, field.selectionStart).split("\n").length;
        const below = field.tagName === "TEXTAREA" ? before * line + 10 : box.height + 2;
        const top = Math.min(box.top + below, around.bottom - popup.offsetHeight - 8);
        popup.style.left = `${box.left - around.left}px`;
        popup.style.top = `${top - around.top}px`;
        popup.style.width = `${Math.max(280, Math.min(box.width, around.width - 24))}px`;
    };
    const open = (target, isAsked) => {
        field = target;
        const found = offers(field, field.selectionStart, isAsked);
        found?.more?.then(() => {
            if (field === target && document.activeElement === target) {
                open(target, isAsked);
            }
        });
        if (!found?.entries.length) {
            close();
            return;
        }
        offer = found;
        list.replaceChildren(
            ...found.entries.map((each, index) => option(each, index, found.typed)),
        );
        note.textContent = found.note ?? "";
        said.textContent = `${found.entries.length} fit, Tab takes the first one.`;
        popup.hidden = false;
        field.setAttribute("aria-controls", listId);
        field.setAttribute("aria-autocomplete", "list");
        place();
        mark(0);
    };

    const isOurs = ({target}) => target.matches?.("[data-completes]");
    host.addEventListener("input", (event) => {
        if (isOurs(event) && event.isTrusted) {
            open(event.target, false);
        }
    });
    host.addEventListener("focusout", close);
    host.addEventListener("keydown", (event) => {
        if (!isOurs(event)) {
            return;
        }
        if (event.ctrlKey && event.key === " ") {
            event.preventDefault();
            open(event.target, true);
            return;
        }
        const acts = {
            ArrowDown: () => mark(chosen + 1),
            ArrowUp: () => mark(chosen - 1),
            Tab: () => take(chosen),
            Enter: () => take(chosen),
            Escape: close,
        };
        if (offer && acts[event.key] && !event.shiftKey) {
            event.preventDefault();
            event.stopPropagation();
            acts[event.key]();
        }
    });
};
