/*
The panel beside the graph: one task, with a log that grows while the task prints.

    const panel = createPanel(host, {panelUrl, logUrl, closed})
    panel.show(id), panel.refresh(), panel.close()
    panel.shown         the id of the task that is shown, or null

`closed()` is called when somebody closes the panel.
*/

import {showTimes} from "../times.js";

const LOG_PAUSE_MS = 1500;

export const createPanel = (host, {panelUrl, logUrl, closed}) => {
    let shown = null;
    let timer = null;
    let requests = 0;
    host.hidden = true;
    host.className = "panel-host";
    host.setAttribute("aria-label", "The chosen task");

    const close = () => {
        clearTimeout(timer);
        [shown, host.hidden] = [null, true];
        host.replaceChildren();
    };

    const closeButton = () => {
        const button = document.createElement("button");
        Object.assign(button, {type: "button", className: "close", textContent: "×"});
        button.setAttribute("aria-label", "Close");
        button.addEventListener("click", () => {
            close();
            closed();
        });
        return button;
    };

    const load = async (id) => {
        requests += 1;
        const request = requests;
        const response = await fetch(panelUrl.replace("/0/", `/${id}/`)).catch(() => null);
        if (request !== requests || shown !== id) {
            return; /* a later request has been sent meanwhile */
        }
        clearTimeout(timer);
        if (!response?.ok) {
            return;
        }
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const article = page.querySelector("article.panel");
        if (article && shown === id) {
            draw(id, document.adoptNode(article));
        }
    };

    /* What was open stays open, what had the focus keeps it, and a log at its end stays there. */
    const draw = (id, article) => {
        const before = host.querySelector("article.panel");
        const isSameTask = before?.dataset.task === String(id);
        const wasOpen = isSameTask && before.querySelector("details")?.open;
        const wasAtEnd = isAtEnd(before?.querySelector(".log"));
        const focused = host.contains(document.activeElement) ? document.activeElement.value : null;
        host.replaceChildren(closeButton(), article);
        if (wasOpen) {
            host.querySelector("details").open = true;
        }
        if (focused) {
            host.querySelector(`button[value="${CSS.escape(focused)}"]`)?.focus();
        }
        showTimes(host);
        const log = host.querySelector(".log");
        if (log && wasAtEnd) {
            scrollToEnd(log);
        }
        if (log?.dataset.open) {
            follow(id, log);
        }
    };

    const follow = (id, log) => {
        const {attempt} = log.closest("article").dataset;
        const url = `${logUrl.replace("/0/", `/${id}/`)}?attempt=${attempt}`;
        let length = Number(log.dataset.before) + [...log.textContent].length;
        const addNewText = async () => {
            const response = await fetch(`${url}&after=${length}`).catch(() => null);
            const added = response?.ok ? await response.json() : null;
            if (!log.isConnected || !added?.text) {
                return;
            }
            const wasAtEnd = isAtEnd(log);
            log.append(added.text);
            length = added.length;
            if (wasAtEnd) {
                scrollToEnd(log);
            }
        };
        const poll = async () => {
            if (!document.hidden) {
                await addNewText();
            }
            if (log.isConnected) {
                timer = setTimeout(poll, LOG_PAUSE_MS);
            }
        };
        timer = setTimeout(poll, LOG_PAUSE_MS);
    };

    return {
        get shown() {
            return shown;
        },
        show(id) {
            if (shown !== id) {
                clearTimeout(timer);
            }
            [shown, host.hidden] = [id, false];
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

const isAtEnd = (log) => !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;

const scrollToEnd = (log) => {
    log.scrollTop = log.scrollHeight;
};
