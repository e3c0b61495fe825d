/* Moments as text, in the time zone of the reader. */

const RELATIVE = new Intl.RelativeTimeFormat("en", {numeric: "auto", style: "short"});
/* Swedish writes dates and times as ISO 8601 does. */
const EXACT = new Intl.DateTimeFormat("sv", {dateStyle: "short", timeStyle: "medium"});
const ZONE = new Intl.DateTimeFormat("en", {timeZoneName: "short"});
const DAY = new Intl.DateTimeFormat("en", {weekday: "short"});
const DATE = new Intl.DateTimeFormat("en-GB", {day: "numeric", month: "short"});
const DAY_MS = 86_400_000;
const UNITS = [
    ["second", 60],
    ["minute", 60],
    ["hour", 24],
    ["day", 7],
];

/* "14:05" today, "2026-11-28 14:05" on other days. */
export const minutes = (moment, now = new Date()) => {
    const [day, time] = exact(moment).slice(0, 16).split(" ");
    return day === exact(now).slice(0, 10) ? time : `${day} ${time}`;
};

/* "14:05" today, "Wed 14:05" within a week, "2026-11-20" earlier. */
export const weekday = (moment, now = new Date()) => {
    const text = minutes(moment, now);
    if (text.length === 5) {
        return text;
    }
    const isNear = Math.abs(now - moment) < 6 * DAY_MS;
    return isNear ? `${DAY.format(moment)} ${text.slice(-5)}` : text.slice(0, 10);
};

/* "14:05:09" today, "2026-11-28 14:05:09" on other days. */
export const compact = (moment, now = new Date()) =>
    exact(moment).startsWith(exact(now).slice(0, 10)) ? seconds(moment) : exact(moment);

/* "14:05" */
export const clock = (moment) => exact(moment).slice(11, 16);

/* "26 Nov 14:05"; "26 Nov" for its midnight, and with the year in others than this. */
export const span = (moment, now = new Date()) => {
    const [day, time] = [DATE.format(moment), clock(moment)];
    const year = moment.getFullYear() === now.getFullYear() ? "" : ` ${moment.getFullYear()}`;
    return time === "00:00" ? `${day}${year}` : `${day}${year} ${time}`;
};

/* "14:05:09" */
export const seconds = (moment) => exact(moment).slice(11);

/* "2026-11-28 14:05:09.412" */
export const milliseconds = (moment) =>
    `${exact(moment)}.${String(moment.getMilliseconds()).padStart(3, "0")}`;

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
