/*
The panel beside the graph: one task, with the log that it prints.

    const panel = createPanel(host, {panelUrl, closed})
    panel.show(id), panel.refresh(), panel.close()
    panel.shown         the id of the task that is shown, or null

`closed()` is called when somebody closes the panel. `#task-12:L45` in the address shows that line.
*/

import {element} from "../dom.js";
import {addressOf, placeIn} from "../log/address.js";
import {createTask} from "../log/task.js";
import {showUnloaded} from "../unloaded.js";

const tool = (name, label, properties = {}) =>
    element(
        properties.href ? "a" : "button",
        {
            className: "panel-tool",
            title: label,
            "aria-label": label,
            ...(properties.href ? {} : {type: "button"}),
            ...properties,
        },
        element("span", {className: `icon icon-${name}`, "aria-hidden": "true"}),
    );

export const createPanel = (host, {panelUrl, closed}) => {
    let shown = null;
    let requests = 0;
    let etag = null;
    host.hidden = true;
    host.className = "panel-host";
    host.setAttribute("aria-label", "The chosen task");

    const close = () => {
        [shown, host.hidden] = [null, true];
        task.close();
        host.replaceChildren();
    };

    const closeButton = () =>
        tool("close", "Close", {
            onclick: () => {
                close();
                closed();
            },
        });

    const full = tool("expand", "Full screen (f)", {href: "#"});
    full.addEventListener("click", () => {
        full.href = fullAddress();
    });
    const task = createTask(host, {
        tools: [full, closeButton()],
        moved: (place) => history.replaceState(null, "", addressOf(place)),
    });

    const fullAddress = () => {
        const article = host.querySelector("article.panel");
        const hash = placeIn(location.hash)?.task === shown ? location.hash : `#task-${shown}`;
        return article.dataset.logs + hash;
    };

    const draw = (article) => {
        const place = placeIn(location.hash);
        full.hidden = !article.dataset.logs;
        task.draw(article, place?.task === shown ? place : null);
    };

    const load = async (id) => {
        requests += 1;
        const request = requests;
        const response = await fetch(panelUrl.replace("/0/", `/${id}/`), {
            cache: "no-store",
            headers: etag ? {"If-None-Match": etag} : {},
        }).catch(() => null);
        if (request !== requests || shown !== id || response?.status === 304) {
            return; /* a later request has been sent meanwhile, or nothing has happened */
        }
        const article = response?.ok ? await articleIn(response) : null;
        if (shown !== id) {
            return;
        }
        if (article) {
            etag = response.headers.get("ETag");
            draw(article);
        } else {
            showFailure(id);
        }
    };

    /* Of the same task, what is there stays: the banner above says how old it is. */
    const showFailure = (id) => {
        if (host.querySelector("article.panel")?.dataset.task === String(id)) {
            return;
        }
        const place = element("div", {className: "panel"});
        task.close();
        host.replaceChildren(closeButton(), place);
        showUnloaded(place, "This task", () => load(id));
    };

    return {
        get shown() {
            return shown;
        },
        show(id) {
            [shown, host.hidden] = [id, false];
            etag = null;
            return load(id);
        },
        refresh() {
            if (shown !== null) {
                load(shown);
            }
        },
        close,
    };
};

const articleIn = async (response) => {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const article = page.querySelector("article.panel");
    return article && document.adoptNode(article);
};
