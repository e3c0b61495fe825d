/* Moments as text, in the time zone of the reader. */

const RELATIVE = new Intl.RelativeTimeFormat("en", {numeric: "auto", style: "short"});
/* Swedish writes dates and times as ISO 8601 does. */
const EXACT = new Intl.DateTimeFormat("sv", {dateStyle: "short", timeStyle: "medium"});
const ZONE = new Intl.DateTimeFormat("en", {timeZoneName: "short"});
const UNITS = [
    ["second", 60],
    ["minute", 60],
    ["hour", 24],
    ["day", 7],
];

/* "2026-11-28 14:05:09" */
export const exact = (moment) => EXACT.format(moment);

export const zoneName = (moment) =>
    ZONE.formatToParts(moment).find((part) => part.type === "timeZoneName").value;

/* "5 min. ago"; the date if that is a week away or more. */
export const relative = (moment, now = Date.now()) => {
    let amount = (moment - now) / 1000;
    if (Math.abs(amount) < 5) {
        return "just now";
    }
    for (const [unit, size] of UNITS) {
        if (Math.abs(amount) < size) {
            return RELATIVE.format(Math.trunc(amount), unit);
        }
        amount /= size;
    }
    return exact(moment).slice(0, 10);
};
