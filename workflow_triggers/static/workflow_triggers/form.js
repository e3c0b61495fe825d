/* The next moments of what is being typed: the site says them, since it fires them. */

const PAUSE_MS = 250;
const NAMES = ["cron", "zone", "once_at"];

const place = document.querySelector("[data-preview]");
const form = document.querySelector("#schedule_form");
let timer;
let asked = "";

/* What the answer depends on. */
const queryOf = (values) =>
    new URLSearchParams(NAMES.map((name) => [name, values.get(name) ?? ""])).toString();

const ask = async () => {
    const query = queryOf(new FormData(form));
    if (query === asked) {
        return;
    }
    asked = query;
    const response = await fetch(`${place.dataset.preview}?${query}`).catch(() => null);
    /* An answer to what stood there before is too late. */
    if (!response?.ok || query !== asked) {
        return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("next-moments");
    if (fresh && query === asked) {
        /* The element stays, so that what is in it is told. */
        document.getElementById("next-moments").replaceChildren(...fresh.childNodes);
        document.dispatchEvent(new CustomEvent("workflows:drawn"));
    }
};

if (place && form) {
    form.addEventListener("input", (event) => {
        if (NAMES.includes(event.target.name)) {
            clearTimeout(timer);
            timer = setTimeout(ask, PAUSE_MS);
        }
    });
}
