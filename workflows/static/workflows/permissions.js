/* Django's lists of permissions name signs that have no role, which readers of screens pass over. */
window.addEventListener("load", () => {
    for (const sign of document.querySelectorAll(".selector .help-tooltip[aria-label]")) {
        sign.setAttribute("role", "img");
    }
});
