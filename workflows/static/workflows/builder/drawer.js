/*
The drawer beside the drawing: the fields of what is chosen, or a part of the template.

    const drawer = createDrawer(host, {closed})
    drawer.show({title, note?, icon?, acts?, tabs?, body?, foot?, isWide?})
    drawer.close()
    drawer.open(tab), drawer.setCount(tab, count)

`tabs` are [{name, label, count?, body}], and the one that somebody looked at last is open. `closed()`
is called when somebody closes it.
*/

import {button, element, freshId} from "../dom.js";

export const createDrawer = (host, {icons, closed}) => {
    let tab = null; /* the name of the one that was looked at last */

    const sign = (icon) => {
        const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        made.setAttribute("class", "sign");
        made.setAttribute("aria-hidden", "true");
        const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
        use.setAttribute("href", `${icons}#${icon}`);
        made.append(use);
        return made;
    };
    const head = ({title, note, icon, acts = []}) =>
        element(
            "header",
            {className: "drawer-head"},
            icon ? sign(icon) : null,
            element("h3", {}, title),
            note ? element("span", {className: "help"}, note) : null,
            element("span", {className: "acts"}, acts, [
                button("×", () => closed(), {className: "close", "aria-label": "Close"}),
            ]),
        );

    const tabbed = (tabs) => {
        const list = element("div", {className: "drawer-tabs", role: "tablist"});
        const panels = tabs.map(({body}) =>
            element("div", {className: "drawer-body", role: "tabpanel", id: freshId()}, body),
        );
        const choose = (index, isFocused) => {
            tab = tabs[index].name;
            panels.forEach((panel, number) => {
                const isOpen = number === index;
                panel.hidden = !isOpen;
                list.children[number].setAttribute("aria-selected", String(isOpen));
                list.children[number].tabIndex = isOpen ? 0 : -1;
            });
            tabs[index].opened?.(panels[index]);
            if (isFocused) {
                list.children[index].focus();
            }
        };
        list.append(
            ...tabs.map(({name: each, label, count}, index) =>
                element(
                    "button",
                    {
                        type: "button",
                        role: "tab",
                        id: freshId(),
                        "data-tab": each,
                        "aria-controls": panels[index].id,
                        onclick: () => choose(index),
                        onkeydown: (event) => {
                            const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
                            if (by) {
                                choose((index + by + tabs.length) % tabs.length, true);
                            }
                        },
                    },
                    label,
                    count === undefined ? null : element("span", {className: "tab-count"}, count),
                ),
            ),
        );
        panels.forEach((panel, index) => {
            panel.setAttribute("aria-labelledby", list.children[index].id);
        });
        const open = Math.max(
            0,
            tabs.findIndex((each) => each.name === tab),
        );
        choose(open);
        return [list, ...panels];
    };

    const drawer = {
        show(content) {
            const {tabs, body, foot, isWide} = content;
            host.classList.toggle("is-wide", Boolean(isWide));
            host.replaceChildren(
                head(content),
                ...(tabs ? tabbed(tabs) : [element("div", {className: "drawer-body"}, body)]),
                ...(foot ? [element("footer", {className: "drawer-foot"}, foot)] : []),
            );
            host.hidden = false;
            host.setAttribute("aria-label", content.label ?? content.title);
        },
        close() {
            host.hidden = true;
            host.replaceChildren();
        },
        open(tabName) {
            host.querySelector(`[data-tab="${tabName}"]`)?.click();
        },
        setCount(tabName, count) {
            const found = host.querySelector(`[data-tab="${tabName}"]`);
            found?.querySelector(".tab-count")?.remove();
            found?.append(element("span", {className: "tab-count"}, count));
        },
    };
    return drawer;
};
