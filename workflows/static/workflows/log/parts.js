/*
The parts of a task as tabs: sections with data-part, which stand below each other without this file.

    const parts = createParts(article, {opened})
    parts.list          the row of tabs, for the page to put in its place
    parts.refresh()     sections have been drawn anew
    parts.open("Log")

`opened()` is called whenever a tab has been opened. What is open stays open from task to task.
*/

import {element, freshId} from "../dom.js";

let last = "Log";

export const createParts = (article, {opened}) => {
    const list = element("div", {
        className: "tabs",
        role: "tablist",
        "aria-label": "About the task",
    });
    const sections = () => [...article.querySelectorAll("[data-part]")];
    const tabs = new Map();

    const make = (section) => {
        const name = section.dataset.part;
        const tab = element(
            "button",
            {type: "button", id: freshId(), role: "tab", onclick: () => open(name)},
            name,
        );
        tabs.set(name, tab);
        list.append(tab);
    };

    const refresh = () => {
        for (const section of sections()) {
            const name = section.dataset.part;
            if (!tabs.has(name)) {
                make(section);
            }
            const tab = tabs.get(name);
            const isOpen = name === shown();
            section.id ||= freshId();
            section.hidden = !isOpen;
            section.setAttribute("role", "tabpanel");
            section.setAttribute("aria-labelledby", tab.id);
            tab.setAttribute("aria-controls", section.id);
            tab.setAttribute("aria-selected", String(isOpen));
            tab.tabIndex = isOpen ? 0 : -1;
        }
    };

    const shown = () => {
        const names = sections().map(({dataset}) => dataset.part);
        return names.includes(last) ? last : names[0];
    };

    const open = (name) => {
        last = name;
        refresh();
        opened();
    };

    list.addEventListener("keydown", (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        if (step) {
            const all = [...tabs.values()];
            const at = all.indexOf(document.activeElement);
            const next = all[(at + step + all.length) % all.length];
            next.focus();
            next.click();
        }
    });
    refresh();
    return {list, refresh, open};
};
