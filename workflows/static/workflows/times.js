/* Shows the times of a page in the reader's zone, and the exact moment on hover.
   <time datetime="…"> is shown as "5 min. ago", with data-exact as the moment itself.
   Without this file they are in the server's zone. */

import {exact, relative, zoneName} from "./moments.js";

const REFRESH_MS = 20_000;

/* Call it for what was added to the page; from then on it is kept up to date. */
export const showTimes = (root = document) => {
    root.querySelectorAll("time[datetime]").forEach(show);
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
    element.title ||= `${exact(moment)} ${zoneName(moment)}`;
};

showTimes();
setInterval(() => {
    if (!document.hidden) {
        showTimes();
    }
}, REFRESH_MS);
