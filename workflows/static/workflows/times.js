/* Shows the times of a page in the reader's zone, and the exact moment on hover.
   <time datetime="…"> is shown as "5 min. ago", since its age matters; where the order matters, with
   data-form="exact" as date and time of day, "milliseconds" likewise, "compact" without the date if it
   is today, "weekday" with the day of the week, "seconds", "minutes" or "clock" as the time of day, "span" as day and time. Without this file they are in the server's zone. */

import {
    clock,
    compact,
    exact,
    milliseconds,
    minutes,
    relative,
    seconds,
    span,
    weekday,
    zoneName,
} from "./moments.js";

const REFRESH_MS = 20_000;
const FORMS = {clock, compact, exact, milliseconds, minutes, seconds, span, weekday};

/* Call it for what was added to the page; from then on it is kept up to date. */
export const showTimes = (root = document) => {
    root.querySelectorAll("time[datetime]").forEach(show);
};

const show = (element) => {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) {
        return;
    }
    const text = (FORMS[element.dataset.form] ?? relative)(moment);
    if (element.textContent !== text) {
        element.textContent = text;
    }
    element.title ||= `${exact(moment)} ${zoneName(moment)}`;
};

showTimes();
setInterval(() => {
    if (!document.hidden) {
        showTimes();
    }
}, REFRESH_MS);
