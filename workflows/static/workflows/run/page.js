/* The page of a run: tabs, graph, timeline and the panel of a task, kept up to date. */

import {showInTab} from "../browser_tab.js";
import {showTimes} from "../times.js";
import {showUnloaded} from "../unloaded.js";
import {createBench} from "./bench.js";
import "./menus.js";
import {createGraphTab} from "./graph.js";
import {follow} from "./live.js";
import {createModel} from "./model.js";
import {createPanel} from "./panel.js";
import {createParts} from "./parts.js";
import {records} from "./records.js";
import {createSteps} from "./steps.js";
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
    icons,
    events: eventUrl,
    tasks: taskUrl,
    previous: previousUrl,
} = run.dataset;
const sections = [...document.querySelectorAll("[data-tab]")];
const ORDER = ["Steps", "Graph", "Timeline", "Tasks", "Logs", "Events", "Parameters"];
const NARROW = matchMedia("(max-width: 767px)");
sections.sort((one, other) => ORDER.indexOf(one.dataset.tab) - ORDER.indexOf(other.dataset.tab));

let {state} = run.dataset;
let model = null;
let graphTab = null;
let timeline = null;
let steps = null;

/* The sections become tabs, with room for a panel beside them. */
const aside = document.createElement("aside");
const place = document.createComment("bench");
sections[0].before(place);
const bench = createBench(sections, aside);
place.replaceWith(bench.element);
const tables = createTables(document.getElementById("tasks-tab"));
const tabs = createTabs(sections, () => {
    bench.fit();
    graphTab?.shown();
    timeline?.shown();
    steps?.shown();
    tables.shown();
});
document.getElementById("tab-row").prepend(tabs.list);

const panel = createPanel(aside, {panelUrl, closed: () => choose(null)});

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
    if (!location.hash.startsWith(`#${anchor}:`)) {
        history.replaceState(null, "", `#${anchor}`);
    }
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
        tabs.open(NARROW.matches ? "steps" : "graph");
    }
    choose(index);
    graphTab.reveal(index);
});
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.shown !== null && !document.querySelector("dialog[open]")) {
        choose(null);
    }
});

const drawPart = createParts();

const takeChanges = (changes) => {
    state = changes.state;
    showInTab(changes.tab);
    for (const [name, html] of Object.entries(changes.parts)) {
        drawPart(name, html);
    }
    if (model) {
        updateTasks(changes.tasks);
    }
    tables.changed();
    addEvents(records(changes.events), {
        eventUrl,
        taskUrl,
        nameOf: (id) => (model ? model.tasks[model.indexOf(id)].name : `task ${id}`),
    });
};

const updateTasks = (changed) => {
    const different = model.update(changed);
    graphTab.paint(different);
    timeline.paint();
    steps.paint();
    const shown = model.indexOf(panel.shown);
    /* What a pending task waits for may have changed without the task itself. */
    if (different.has(shown) || model.tasks[shown]?.state === "pending") {
        panel.refresh();
    }
};

const ENDED = ["success", "failed", "aborted"];
const live = follow({
    url: changesUrl,
    event: Number(event),
    changed: takeChanges,
    hasEnded: () => ENDED.includes(state),
});
showInTab({text: run.dataset.tabText, hue: run.dataset.tabHue});

/* What somebody has just done is answered with this page: what only a reload changes is taken from it. */
document.addEventListener("workflows:done", (done) => {
    done.preventDefault();
    for (const fresh of done.detail.page.querySelectorAll("#said, #notes")) {
        document.getElementById(fresh.id).replaceWith(document.adoptNode(fresh));
        showTimes(document.getElementById(fresh.id));
    }
    live.ask();
    panel.refresh();
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
};

/* `#task-12` chooses a task, `#task-12:L45` a line of its log, `#tasks` opens a tab. */
const openAnchor = () => {
    const anchor = location.hash.slice(1);
    const task = model?.indexOf(anchor.match(/^task-(\d+)/)?.[1]);
    if (task === undefined || Number.isNaN(task)) {
        const fold = document.getElementById(anchor);
        if (anchor && tabs.open(anchor) && fold.matches("details")) {
            fold.open = true;
            fold.scrollIntoView();
        }
        return;
    }
    choose(task);
    graphTab.reveal(task);
};
addEventListener("hashchange", openAnchor);

const begin = async () => {
    tabs.open(NARROW.matches && graphUrl ? "steps" : sections.find(isShown).id);
    if (graphUrl) {
        await showGraph();
    } else {
        openAnchor();
    }
    document.documentElement.dataset.run = "shown";
};
const isShown = ({dataset}) => dataset.tab !== "Steps";

const showGraph = async () => {
    const drawings = ["graph", "timeline", "steps"].map((id) => document.getElementById(id));
    const response = await fetch(graphUrl).catch(() => null);
    if (!response?.ok) {
        for (const each of drawings) {
            showUnloaded(each, `The ${each.dataset.tab.toLowerCase()}`, showGraph);
        }
        return;
    }
    draw(await response.json(), drawings);
    setInterval(tick, TICK_MS);
    openAnchor();
};

const draw = (data, drawings) => {
    model = createModel(data);
    for (const each of drawings) {
        each.replaceChildren();
    }
    const [graph, time, list] = drawings;
    graphTab = createGraphTab(graph, model, {icons, choose});
    timeline = createTimeline(time, model, {choose, previousUrl});
    steps = createSteps(list, model, {icons, choose});
    graphTab.shown();
    timeline.shown();
    steps.shown();
};

begin();
