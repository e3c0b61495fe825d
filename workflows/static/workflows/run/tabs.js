/*
Makes tabs of sections that stand one below the other; the address says which one is open.

    const tabs = createTabs(sections, opened)
    tabs.list               the row of tabs, for the page to put in its place
    tabs.open("graph")      opens a tab by the id of its section, or of anything in it

`opened()` is called whenever a tab has been opened.
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
        if (section.dataset.total) {
            const count = document.createElement("span");
            [count.className, count.textContent] = ["tab-count", section.dataset.total];
            tab.append(" ", count);
        }
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
        opened();
        return true;
    };

    list.addEventListener("keydown", (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        if (!step) {
            return;
        }
        const shown = tabs.filter((tab) => tab.offsetParent);
        const at = shown.indexOf(document.activeElement);
        const next = shown[(at + step + shown.length) % shown.length];
        next.focus();
        next.click();
    });
    return {list, open};
};
