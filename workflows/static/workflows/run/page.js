/* The page of a run: tabs, graph, timeline and the panel of a task, kept up to date. */

import {showTimes} from "../times.js";
import {duration} from "./duration.js";
import {interceptForms} from "./forms.js";
import {createGraphTab} from "./graph.js";
import {follow} from "./live.js";
import {createModel} from "./model.js";
import {createPanel} from "./panel.js";
import {records} from "./records.js";
import {addEvents, createTables} from "./tables.js";
import {createTabs} from "./tabs.js";
import {createTimeline} from "./timeline.js";

const TICK_MS = 1000;
const MAX_TICKING = 200; /* more running tasks than that are not drawn anew each second */
const run = document.getElementById("run");
const {
    event,
    changes: changesUrl,
    graph: graphUrl,
    panel: panelUrl,
    log: logUrl,
    icons,
    events: eventUrl,
    tasks: taskUrl,
} = run.dataset;
const sections = [...document.querySelectorAll("[data-tab]")];
const ORDER = ["Graph", "Tasks", "Timeline", "Events", "Parameters"];
sections.sort((one, other) => ORDER.indexOf(one.dataset.tab) - ORDER.indexOf(other.dataset.tab));

let state = run.dataset.state;
let model = null;
let graphTab = null;
let timeline = null;

/* The sections become tabs, with room for a panel beside them. */
const stage = Object.assign(document.createElement("div"), {className: "stage"});
const aside = document.createElement("aside");
const bench = Object.assign(document.createElement("div"), {className: "bench"});
sections[0].before(bench);
const tables = createTables(document.getElementById("tasks-tab"));
const tabs = createTabs(sections, () => {
    graphTab?.shown();
    timeline?.shown();
    tables.shown();
});
bench.before(tabs.list);
stage.append(...sections);
bench.append(stage, aside);

const panel = createPanel(aside, {panelUrl, logUrl, closed: () => choose(null)});

/* `index` is the place of a task in the graph; null: no task. */
const choose = (index) => {
    const before = panel.shown;
    graphTab.choose(index);
    timeline.choose(index);
    if (index === null) {
        panel.close();
        if (before !== null) {
            graphTab.focus(model.indexOf(before));
        }
    } else if (panel.shown !== model.tasks[index].id) {
        panel.show(model.tasks[index].id);
    }
    const open = sections.find((section) => !section.hidden)?.id;
    const anchor = index === null ? open : `task-${model.tasks[index].id}`;
    history.replaceState(null, "", `#${anchor}`);
};

const taskOf = (link) => {
    const id = link?.getAttribute("href").match(/\/task\/(\d+)\/change\/$/)?.[1];
    return id && model?.indexOf(id);
};

/* A link to a task of this run chooses it; with a key held it is a link like any other. */
document.addEventListener("click", (click) => {
    const link = click.target.closest("a[href]");
    const index = taskOf(link);
    if (!Number.isInteger(index) || "leave" in link.dataset || link.closest("dialog")) {
        return;
    }
    if (click.ctrlKey || click.metaKey || click.shiftKey || click.button) {
        return;
    }
    click.preventDefault();
    if (!link.closest("[data-tab]")) {
        tabs.open("graph");
    }
    choose(index);
    graphTab.reveal(index);
});
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.shown !== null && !document.querySelector("dialog[open]")) {
        choose(null);
    }
});

/* Draws a live part anew if it has changed; the focus stays on the same button or link. */
const parts = {};
const drawPart = (name, html) => {
    if (parts[name] === html) {
        return;
    }
    parts[name] = html;
    const place = document.getElementById(`part-${name}`);
    const focused = place.contains(document.activeElement) ? document.activeElement : null;
    place.innerHTML = html;
    showTimes(place);
    if (focused) {
        [...place.querySelectorAll("button, a")]
            .find((each) => labelOf(each) === labelOf(focused))
            ?.focus();
    }
};
const labelOf = (control) => control.getAttribute("aria-label") ?? control.textContent;

const estimate = document.getElementById("estimate");
const showEstimate = () => {
    const stands = document.querySelector("#run-sentence[data-still]") !== null;
    const seconds = state === "running" && !stands ? model.remaining() : null;
    estimate.hidden = seconds === null;
    if (seconds === null) {
        return;
    }
    const end = new Date(Date.now() + seconds * 1000).toLocaleTimeString("en", {
        hour: "2-digit",
        minute: "2-digit",
        hour12: false,
    });
    estimate.textContent = `About ${duration(seconds)} left, until ${end}, going by earlier runs of this template.`;
};

const takeChanges = (changes) => {
    state = changes.state;
    for (const [name, html] of Object.entries(changes.parts)) {
        drawPart(name, html);
    }
    if (model) {
        updateTasks(changes.tasks);
    }
    tables.changed();
    hideOldAnswer(records(changes.events));
    addEvents(records(changes.events), {
        eventUrl,
        taskUrl,
        nameOf: (id) => (model ? model.tasks[model.indexOf(id)].name : `task ${id}`),
    });
};

/* The answer to the click just made goes away when the run moves on. */
const hideOldAnswer = (events) => {
    const answer = document.getElementById("answer");
    answer.hidden ||= events.some((each) => each.id > Number(answer.dataset.event));
};

const updateTasks = (changed) => {
    const different = model.update(changed);
    graphTab.paint(different);
    timeline.paint();
    const shown = model.indexOf(panel.shown);
    /* What a pending task waits for may have changed without the task itself. */
    if (different.has(shown) || model.tasks[shown]?.state === "pending") {
        panel.refresh();
    }
    showEstimate();
};

const notice = document.getElementById("live");
const live = follow({
    url: changesUrl,
    event: Number(event),
    changed: takeChanges,
    failed: (text) => {
        if (notice.textContent !== text) {
            notice.textContent = text;
        }
    },
});
interceptForms({
    done: () => {
        live.ask();
        panel.refresh();
    },
});

/* The durations of running tasks grow. */
const tick = () => {
    if (document.hidden || !model) {
        return;
    }
    const running = model.where((index) => model.tasks[index].state === "running");
    if (!running.length) {
        return;
    }
    if (running.length <= MAX_TICKING) {
        graphTab.paint(new Set(running));
    }
    timeline.paint();
    showEstimate();
};

const begin = async () => {
    const anchor = location.hash.slice(1);
    if (!tabs.open(anchor)) {
        tabs.open(sections[0].id);
    }
    if (graphUrl) {
        await loadGraph();
        showEstimate();
        setInterval(tick, TICK_MS);
        const task = model.indexOf(anchor.match(/^task-(\d+)$/)?.[1]);
        if (task !== undefined) {
            choose(task);
            graphTab.reveal(task);
        }
    }
    document.documentElement.dataset.run = "shown";
};

const loadGraph = async () => {
    const response = await fetch(graphUrl);
    if (!response.ok) {
        throw new Error(`The graph could not be loaded (${response.status}).`);
    }
    model = createModel(await response.json());
    graphTab = createGraphTab(document.getElementById("graph"), model, {icons, choose});
    timeline = createTimeline(document.getElementById("timeline"), model, {choose});
    graphTab.shown();
    timeline.shown();
};

begin().catch((error) => {
    notice.textContent = error.message;
    tabs.open("tasks-tab");
});
