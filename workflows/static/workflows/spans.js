/*
Spans of time that somebody types: in the zone of the reader, as the times of the page are; the address says the
moments. Without this file they are in the zone of the site.
*/

import {exact, zoneName} from "./moments.js";

const typed = (moment) => exact(moment).slice(0, 16).replace(" ", "T");

const start = (form) => {
    const fields = [...form.querySelectorAll("[data-moment]")];
    form.querySelector(".zone").textContent = zoneName(new Date());
    for (const field of fields) {
        field.value = field.dataset.moment && typed(new Date(field.dataset.moment));
    }
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const asked = new URLSearchParams(new FormData(form));
        for (const {name, value} of fields) {
            if (value) {
                asked.set(name, new Date(value).toISOString());
            } else {
                asked.delete(name);
            }
        }
        location.search = asked;
    });
};

for (const form of document.querySelectorAll(".span-form")) {
    start(form);
}
