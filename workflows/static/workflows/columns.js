/* Which columns a list shows: chosen above it, and kept in this browser. */

import {element} from "./dom.js";

const stored = `workflows-columns ${location.pathname}`;
const sheet = new CSSStyleSheet();

const nameOf = (head) => [...head.classList].find((each) => each.startsWith("column-")).slice(7);

const readHidden = () => {
    try {
        return new Set(JSON.parse(localStorage.getItem(stored)));
    } catch {
        return new Set();
    }
};

const hide = (names) => {
    const rules = [...names].map(
        (name) => `#result_list :is(.column-${CSS.escape(name)}, .field-${CSS.escape(name)})`,
    );
    sheet.replaceSync(rules.length ? `${rules.join(",")} { display: none !important; }` : "");
};

const choice = (head, hidden) => {
    const name = nameOf(head);
    const box = element("input", {type: "checkbox", checked: !hidden.has(name)});
    box.addEventListener("change", () => {
        hidden[box.checked ? "delete" : "add"](name);
        localStorage.setItem(stored, JSON.stringify([...hidden]));
        hide(hidden);
    });
    return element("li", {}, element("label", {}, box, ` ${labelOf(head)}`));
};

const labelOf = (head) => head.querySelector(".text").textContent.trim();

const start = () => {
    const heads = [...document.querySelectorAll("#result_list thead th[class*=column-]")];
    /* The first one names the row. */
    const chosen = heads.filter((head) => head.querySelector("a, span") && labelOf(head)).slice(1);
    const tools = document.querySelector(".list-tools");
    if (!tools || chosen.length < 2) {
        return;
    }
    const hidden = readHidden();
    tools.append(
        element(
            "details",
            {className: "filter-menu columns", name: "list-filter"},
            element("summary", {}, "Columns"),
            element("ul", {}, ...chosen.map((head) => choice(head, hidden))),
        ),
    );
    hide(hidden);
};

document.adoptedStyleSheets.push(sheet);
document.addEventListener("workflows:drawn", start);
start();

/* Menus above lists close as others do. */
const menus = () => document.querySelectorAll(".filter-menu[open]");
document.addEventListener("click", ({target}) => {
    for (const menu of menus()) {
        menu.open = menu.contains(target);
    }
});
document.addEventListener("keydown", (event) => {
    for (const menu of event.key === "Escape" ? menus() : []) {
        menu.open = false;
        menu.querySelector("summary").focus();
        event.preventDefault();
    }
});
