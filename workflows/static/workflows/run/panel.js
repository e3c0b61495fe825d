/*
What stands beside the graph: one task, with its log that follows.

    const panel = createPanel(host, {panelUrl, logUrl, closed})
    panel.show(id), panel.refresh(), panel.close(), panel.shown
*/

import {showTimes} from "../times.js";

const FOLLOW_MS = 1500;

export const createPanel = (host, {panelUrl, logUrl, closed}) => {
    let shown = null,
        timer = null,
        asked = 0;
    host.hidden = true;
    host.className = "panel-host";
    host.setAttribute("aria-label", "The chosen task");

    const close = () => {
        clearTimeout(timer);
        [shown, host.hidden] = [null, true];
        host.replaceChildren();
    };

    const closer = () => {
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
        const mine = (asked += 1);
        const answer = await fetch(panelUrl.replace("/0/", `/${id}/`)).catch(() => null);
        if (mine !== asked || shown !== id) {
            return;
        }
        clearTimeout(timer);
        if (!answer?.ok) {
            return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const article = page.querySelector("article.panel");
        if (!article || shown !== id) {
            return;
        }
        const before = host.querySelector("article.panel");
        const wasAtEnd = isAtEnd(before?.querySelector(".log"));
        const open = before?.dataset.task === String(id) && before.querySelector("details")?.open;
        const focus = host.contains(document.activeElement) ? document.activeElement.value : null;
        host.replaceChildren(closer(), document.adoptNode(article));
        if (open) {
            host.querySelector("details").open = true;
        }
        if (focus) {
            host.querySelector(`button[value="${CSS.escape(focus)}"]`)?.focus();
        }
        showTimes(host);
        follow(id, host.querySelector(".log"), wasAtEnd);
    };

    const isAtEnd = (log) => !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;

    const follow = (id, log, toEnd = true) => {
        if (!log) {
            return;
        }
        if (toEnd) {
            log.scrollTop = log.scrollHeight;
        }
        if (!log.dataset.open) {
            return;
        }
        let length = Number(log.dataset.before) + [...log.textContent].length;
        const {attempt} = log.closest("article").dataset;
        const more = async () => {
            if (!log.isConnected) {
                return;
            }
            if (!document.hidden) {
                const answer = await fetch(
                    `${logUrl.replace("/0/", `/${id}/`)}?attempt=${attempt}&after=${length}`,
                ).catch(() => null);
                const said = answer?.ok ? await answer.json() : null;
                if (!log.isConnected) {
                    return;
                }
                if (said?.text) {
                    const wasAtEnd = isAtEnd(log);
                    log.append(said.text);
                    length = said.length;
                    if (wasAtEnd) {
                        log.scrollTop = log.scrollHeight;
                    }
                }
            }
            timer = setTimeout(more, FOLLOW_MS);
        };
        timer = setTimeout(more, FOLLOW_MS);
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
