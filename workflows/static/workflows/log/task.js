/*
Draws a task as the server describes it (task/panel.html), with tabs and the log viewer, and keeps it.

    const task = createTask(host, {tools, isFull, moved, ended})
        tools           buttons beside the operations, such as Close
        ended()         the attempt that is shown has ended
        moved(place)    another line or attempt of the log is shown, see viewer.js
    task.draw(article, place)   `place` is the attempt and line to begin with, if it is another task than before
    task.viewer                 the log viewer; null if there is no log
    task.close()

Of the same task, the log stays as it is: only what has changed around it is replaced, and the focus stays.
*/

import {duration} from "../run/duration.js";
import {showTimes} from "../times.js";
import {createParts} from "./parts.js";
import {createViewer} from "./viewer.js";

const TICK_MS = 1000;
const TOKENS = /<input type="hidden" name="csrfmiddlewaretoken"[^>]*>/g;

export const createTask = (
    host,
    {tools = [], isFull = false, moved = () => {}, ended = () => {}},
) => {
    let article = null;
    let parts = null;
    let html = new Map();
    const task = {viewer: null, draw, close};

    function draw(fresh, place = null) {
        const isSame = article?.isConnected && article.dataset.task === fresh.dataset.task;
        /* A task that is dispatched for the first time gets more parts. */
        if (isSame && Boolean(task.viewer) === Boolean(attemptsIn(fresh).length)) {
            update(fresh);
        } else {
            begin(fresh, place);
        }
        showAttempts();
        showTimes(article);
    }

    const begin = (fresh, place) => {
        close();
        article = fresh;
        html = new Map(liveParts(article).map(([name, part]) => [name, htmlOf(part)]));
        host.replaceChildren(article);
        addTools();
        parts = createParts(article, {opened: () => task.viewer?.redraw()});
        article.querySelector("[data-part]")?.before(parts.list);
        openLog(place);
    };

    const openLog = (place) => {
        const logHost = article.querySelector(".log-host");
        const attempts = attemptsIn(article);
        if (!attempts.length) {
            return;
        }
        article.classList.add("has-viewer");
        task.viewer = createViewer(logHost, {
            task: Number(article.dataset.task),
            attempts,
            fullUrl: isFull ? null : article.dataset.logs,
            isFull,
            hints: hints(),
            ended,
            moved: (where) => {
                showAttempts();
                moved(where);
            },
        });
        task.viewer.show(place ?? {});
    };

    const hints = () => [
        "find",
        "error",
        ...(article.dataset.logs ? ["full"] : []),
        ...(tools.length ? ["close"] : []),
    ];

    const update = (fresh) => {
        const focused = article.contains(document.activeElement) ? document.activeElement : null;
        Object.assign(article.dataset, fresh.dataset);
        for (const [name, part] of liveParts(fresh)) {
            const text = htmlOf(part);
            if (text !== html.get(name)) {
                html.set(name, text);
                const before = article.querySelector(`[data-live="${name}"]`);
                /* Somebody may be about to choose from the menu. */
                const menu =
                    before?.querySelector("details[open]") && part.querySelector("details");
                menu?.setAttribute("open", "");
                before?.replaceWith(part);
            }
        }
        addTools();
        task.viewer?.update(attemptsIn(fresh));
        parts.refresh();
        if (focused && !focused.isConnected) {
            article.querySelector(`button[value="${CSS.escape(focused.value)}"]`)?.focus();
        }
    };

    const addTools = () => {
        const acts = article.querySelector(".panel-acts");
        if (tools.length && !acts.contains(tools[0])) {
            acts.append(...tools);
        }
    };

    /* Which attempt is shown; a click shows another one here. */
    const showAttempts = () => {
        const shown = task.viewer?.shown ?? [];
        const links = [...article.querySelectorAll("[data-attempt]")];
        for (const link of links) {
            const isShown = shown.includes(Number(link.dataset.attempt));
            link.toggleAttribute("aria-current", isShown);
            link.onclick = (event) => {
                if (!(event.ctrlKey || event.metaKey || event.shiftKey)) {
                    event.preventDefault();
                    parts.open("Log");
                    task.viewer.show({attempt: Number(link.dataset.attempt)});
                    showAttempts();
                }
            };
        }
        if (links.length && !article.querySelector(".compare")) {
            addCompare(links.at(-1).parentElement);
        }
        article.querySelector(".compare")?.setAttribute("aria-pressed", String(shown.length > 1));
    };

    const addCompare = (segments) => {
        const button = document.createElement("button");
        Object.assign(button, {type: "button", className: "compare", textContent: "Side by side"});
        button.addEventListener("click", () => {
            parts.open("Log");
            task.viewer.compare();
            showAttempts();
        });
        segments.append(button);
    };

    const tick = () => {
        for (const each of article?.querySelectorAll("[data-since]") ?? []) {
            each.textContent = duration((Date.now() - new Date(each.dataset.since)) / 1000);
        }
    };
    function close() {
        task.viewer?.close();
        task.viewer = null;
        article?.remove();
        article = null;
    }

    setInterval(tick, TICK_MS);
    return task;
};

const liveParts = (article) =>
    [...article.querySelectorAll("[data-live]")].map((part) => [part.dataset.live, part]);

const htmlOf = (part) => part.outerHTML.replace(TOKENS, "");

const attemptsIn = (article) =>
    JSON.parse(article.querySelector(".log-host")?.dataset.logs ?? "[]");
