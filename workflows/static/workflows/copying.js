/* What has `data-copy` copies that text when it is clicked; with Alt it leads to where `data-same` says. */

import {toast} from "./toast.js";

document.addEventListener("click", async (event) => {
    const control = event.target.closest?.("[data-copy]");
    if (!control) {
        return;
    }
    if (event.altKey && control.dataset.same) {
        location.assign(control.dataset.same);
        return;
    }
    if (!control.dataset.copy) {
        return;
    }
    try {
        await navigator.clipboard.writeText(control.dataset.copy);
        toast(`Copied: ${shortened(control.dataset.copy)}`);
    } catch {
        toast("This browser does not let the page copy.", {level: "error"}); /* or not over https */
    }
});

const MOST_SHOWN = 60;
const shortened = (text) => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
