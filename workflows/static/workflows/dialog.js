/*
A dialog over the page; the focus returns to where it was.

    openDialog({title, icon, content, isDestructive})   in place of an open one
    closeDialog()

Escape and whatever has `data-close` close it. The focus begins in the first field, or on what closes it.
Enter presses no red button: that takes a click, or Tab and the space bar. Ctrl+Enter gives any other answer.
*/

import {element} from "./dom.js";
import {showTimes} from "./times.js";

const FIELDS = "textarea, input:not([type=hidden], details *), select";

export const openDialog = ({title, icon, content, isDestructive = false}) => {
    closeDialog();
    const heading = element(
        "h2",
        {id: "dialog-title"},
        icon ? element("span", {className: `icon icon-${icon}`, "aria-hidden": "true"}) : null,
        title,
    );
    const dialog = element(
        "dialog",
        {className: "ask", "aria-labelledby": heading.id},
        heading,
        document.adoptNode(content),
    );
    dialog.classList.toggle("has-icon", Boolean(icon));
    dialog.classList.toggle("destructive", isDestructive);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => closeOnDemand(dialog, event));
    dialog.addEventListener("keydown", (event) => {
        if (isDestructive && event.key === "Enter" && event.target.matches("input, .danger")) {
            event.preventDefault();
        }
        if (!isDestructive && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.target.form?.requestSubmit(event.target.form.querySelector("[type=submit]"));
        }
    });
    document.getElementById("content").append(dialog);
    showTimes(dialog);
    dialog.showModal();
    (dialog.querySelector(FIELDS) ?? dialog.querySelector("[data-close]"))?.focus();
    return dialog;
};

export const closeDialog = () => document.querySelector("dialog.ask")?.close();

/* What went wrong, told where the question stands: the page below cannot be reached. */
export const tellInDialog = (...parts) => {
    const dialog = document.querySelector("dialog.ask[open]");
    if (!dialog) {
        return false;
    }
    dialog.querySelector(".dialog-trouble")?.remove();
    const trouble = element("p", {className: "dialog-trouble", role: "alert"}, ...parts);
    (dialog.querySelector(".answers") ?? dialog.lastChild).before(trouble);
    return true;
};

const closeOnDemand = (dialog, event) => {
    if (event.target.closest("[data-close]")) {
        event.preventDefault();
        dialog.close();
    }
};
