/* Times in the reader's zone: how long ago, and the exact moment on hover.
   <time datetime="…"> says how long ago; with data-exact it says the moment itself.
   Without this file a page says the moment in the server's zone. */

const RELATIVE = new Intl.RelativeTimeFormat("en", {numeric: "auto", style: "short"});
const EXACT = new Intl.DateTimeFormat("sv", {dateStyle: "short", timeStyle: "medium"});
const ZONE = new Intl.DateTimeFormat("en", {timeZoneName: "short"});
const STEPS = [
    ["second", 60],
    ["minute", 60],
    ["hour", 24],
    ["day", 7],
];
const EVERY_MS = 20_000;

export const exact = (moment) => EXACT.format(moment);

const zone = (moment) =>
    ZONE.formatToParts(moment).find((part) => part.type === "timeZoneName").value;

/* "5 min. ago"; the day itself once that is more than a week away. */
export const relative = (moment, now = Date.now()) => {
    let amount = (moment - now) / 1000;
    if (Math.abs(amount) < 5) {
        return "just now";
    }
    for (const [unit, size] of STEPS) {
        if (Math.abs(amount) < size) {
            return RELATIVE.format(Math.trunc(amount), unit);
        }
        amount /= size;
    }
    return exact(moment).slice(0, 10);
};

const show = (element) => {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) {
        return;
    }
    const text = "exact" in element.dataset ? exact(moment) : relative(moment);
    if (element.textContent !== text) {
        element.textContent = text;
    }
    element.title ||= `${exact(moment)} ${zone(moment)}`;
};

/* Call it for what was added to the page; the rest is kept up to date from here. */
export const showTimes = (root = document) => {
    root.querySelectorAll("time[datetime]").forEach(show);
};

showTimes();
setInterval(() => {
    if (!document.hidden) {
        showTimes();
    }
}, EVERY_MS);
