/* The menu “…” of the page: where its links lead, and what is seldom needed. */

import {button, element} from "../dom.js";

export const createMenu = (actions, importButton) => {
    const tools = document.querySelector("#content .object-tools");
    const links = [...(tools?.querySelectorAll("li") ?? [])];
    const remove = document.querySelector("#content .submit-row .deletelink");
    tools?.remove();
    const plain = element("a", {href: "?plain"}, "Plain form");
    const items = [
        button("Name, description, rules", actions.settings, {className: "link"}),
        button("Order of dispatch", actions.order, {className: "link"}),
        importButton,
        plain,
    ].map((each) => element("li", {}, each));
    const menu = element(
        "details",
        {className: "builder-menu"},
        element("summary", {className: "button square", "aria-label": "More"}, "⋯"),
        element("ul", {}, items, links, remove ? element("li", {}, remove) : []),
    );
    const close = () => {
        menu.open = false;
    };
    menu.addEventListener("click", (event) => {
        if (event.target.closest("li")) {
            close();
        }
    });
    menu.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && menu.open) {
            event.stopPropagation();
            close();
            menu.firstChild.focus();
        }
    });
    document.addEventListener("pointerdown", (event) => {
        if (!menu.contains(event.target)) {
            close();
        }
    });
    return menu;
};
