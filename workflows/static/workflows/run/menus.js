/* A menu closes when something else is clicked, or by Escape. */
const openMenus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
        if (!menu.contains(event.target)) {
            menu.open = false;
        }
    }
});
document.addEventListener("keydown", (event) => {
    for (const menu of event.key === "Escape" ? openMenus() : []) {
        menu.open = false;
        menu.querySelector("summary").focus();
        event.stopImmediatePropagation();
    }
});
