/* The week, drawn anew when something has happened, and each minute; not below an open pop-up. */

const MINUTE_MS = 60_000;
let event;

const isInUse = () =>
    document.hidden || document.querySelector(":popover-open, dialog[open]") !== null;

const draw = async () => {
    const response = await fetch(location.href, {redirect: "error"}).catch(() => null);
    if (!response?.ok || isInUse()) {
        return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const [shown, fresh] = [document, page].map((each) => each.getElementById("content-main"));
    if (!fresh || isInUse() || shown.contains(document.activeElement)) {
        return;
    }
    shown.replaceWith(document.adoptNode(fresh));
    document.dispatchEvent(new CustomEvent("workflows:drawn"));
};

/* attention.js asks by poll.js, and tells the number of the latest event. */
document.addEventListener("workflows:counts", ({detail}) => {
    const isNew = event !== undefined && event !== detail.event;
    event = detail.event;
    if (isNew) {
        draw();
    }
});
setInterval(draw, MINUTE_MS);
