/*
Sections that stand one below the other become tabs; the address says which one is open.

    const tabs = createTabs(sections, opened)
    tabs.open("graph")      by the id of a section, or of anything in it
*/

export const createTabs = (sections, opened) => {
    const list = document.createElement("div");
    list.className = "tabs";
    list.setAttribute("role", "tablist");
    const tabs = sections.map((section) => {
        const tab = document.createElement("button");
        Object.assign(tab, {
            type: "button",
            textContent: section.dataset.tab,
            id: `tab-${section.id}`,
        });
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-controls", section.id);
        section.setAttribute("role", "tabpanel");
        section.setAttribute("aria-labelledby", tab.id);
        tab.addEventListener("click", () => {
            open(section.id);
            history.replaceState(null, "", `#${section.id}`);
        });
        return tab;
    });
    list.append(...tabs);

    const open = (id) => {
        const wanted = document.getElementById(id);
        const section = sections.find((each) => each === wanted || each.contains(wanted));
        if (!section) {
            return false;
        }
        sections.forEach((each, i) => {
            const isOpen = each === section;
            each.hidden = !isOpen;
            tabs[i].setAttribute("aria-selected", String(isOpen));
            tabs[i].tabIndex = isOpen ? 0 : -1;
        });
        opened(section.id);
        return true;
    };

    list.addEventListener("keydown", (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        if (!step) {
            return;
        }
        const next =
            tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
        next.focus();
        next.click();
    });
    return {list, open};
};
