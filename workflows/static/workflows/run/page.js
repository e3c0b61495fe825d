/* The page of a run: tabs, graph, timeline and the panel of a task, kept up to date. */

import {showTimes} from "../times.js";
import {takeOver} from "./acts.js";
import {createGraphTab} from "./graph.js";
import {follow} from "./live.js";
import {createModel, duration} from "./model.js";
import {createPanel} from "./panel.js";
import {addEvents, createTables} from "./tables.js";
import {createTabs} from "./tabs.js";
import {createTimeline} from "./timeline.js";

const TICK_MS = 1000,
    MOST_TICKING = 200;
const run = document.getElementById("run");
const {
    event,
    changes,
    graph,
    panel: panelUrl,
    log: logUrl,
    icons,
    events: eventUrl,
    tasks: taskUrl,
} = run.dataset;
const sections = [...document.querySelectorAll("[data-tab]")];
const ORDER = ["Graph", "Tasks", "Timeline", "Events", "Parameters"];
sections.sort((one, other) => ORDER.indexOf(one.dataset.tab) - ORDER.indexOf(other.dataset.tab));

let state = run.dataset.state,
    model = null,
    graphTab = null,
    timeline = null;

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

const choose = (v) => {
    const before = panel.shown;
    graphTab.choose(v);
    timeline.choose(v);
    if (v === null) {
        panel.close();
        if (before !== null) {
            graphTab.focus(model.placeOf(before));
        }
    } else if (panel.shown !== model.id(v)) {
        panel.show(model.id(v));
    }
    const open = sections.find((section) => !section.hidden)?.id;
    history.replaceState(null, "", v === null ? `#${open}` : `#task-${model.id(v)}`);
};

/* A link to a task of this run chooses it; with a key held it is a link like any other. */
document.addEventListener("click", (click) => {
    const link = click.target.closest("a[href]");
    const id = link?.getAttribute("href").match(/\/task\/(\d+)\/change\/$/)?.[1];
    const v = id && model?.placeOf(id);
    if (
        v === undefined ||
        v === null ||
        v === "" ||
        "leave" in link.dataset ||
        link.closest("dialog")
    ) {
        return;
    }
    if (click.ctrlKey || click.metaKey || click.shiftKey || click.button) {
        return;
    }
    click.preventDefault();
    if (!link.closest("[data-tab]")) {
        tabs.open("graph");
    }
    choose(v);
    graphTab.reveal(v);
});
document.addEventListener("keydown", (key) => {
    if (key.key === "Escape" && panel.shown !== null && !document.querySelector("dialog[open]")) {
        choose(null);
    }
});

/* A live part is drawn anew if it is different; the keyboard stays where it was. */
const parts = {};
const drawPart = (name, html) => {
    if (parts[name] === html) {
        return;
    }
    parts[name] = html;
    const place = document.getElementById(`part-${name}`);
    const held = place.contains(document.activeElement) ? document.activeElement : null;
    const label = held && (held.getAttribute("aria-label") ?? held.textContent);
    place.innerHTML = html;
    showTimes(place);
    if (held) {
        [...place.querySelectorAll("button, a")]
            .find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label)
            ?.focus();
    }
};

const estimate = document.getElementById("estimate");
const showEstimate = () => {
    const seconds = state === "running" ? model.remaining() : null;
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

const take = (changed) => {
    state = changed.state;
    for (const [name, html] of Object.entries(changed.parts)) {
        drawPart(name, html);
    }
    if (model) {
        const touched = model.update(changed.tasks);
        graphTab.paint(touched);
        timeline.paint();
        const shown = model.placeOf(panel.shown);
        if (touched.has(shown) || (shown !== undefined && model.state(shown) === "pending")) {
            panel.refresh();
        }
        showEstimate();
    }
    tables.changed();
    addEvents(changed.events, {
        eventUrl,
        taskUrl,
        nameOf: (id) => (model ? model.name(model.placeOf(id)) : `task ${id}`),
    });
};

const notice = document.getElementById("live");
const live = follow({
    url: changes,
    event: Number(event),
    taken: take,
    troubled: (text) => {
        if (notice.textContent !== text) {
            notice.textContent = text;
        }
    },
});
takeOver({
    done: () => {
        live.ask();
        panel.refresh();
    },
});

/* What runs grows older. */
const tick = () => {
    if (document.hidden || !model) {
        return;
    }
    const running = model.rows.flatMap((_, v) => (model.state(v) === "running" ? [v] : []));
    if (!running.length) {
        return;
    }
    if (running.length <= MOST_TICKING) {
        graphTab.paint(new Set(running));
    }
    timeline.paint();
    showEstimate();
};

const begin = async () => {
    const asked = location.hash.slice(1);
    if (!tabs.open(asked)) {
        tabs.open(sections[0].id);
    }
    if (graph) {
        const answer = await fetch(graph);
        if (!answer.ok) {
            throw new Error(`The graph could not be read (${answer.status}).`);
        }
        model = createModel(await answer.json());
        graphTab = createGraphTab(document.getElementById("graph"), model, {icons, choose});
        timeline = createTimeline(document.getElementById("timeline"), model, {choose});
    }
    if (model) {
        graphTab.shown();
        timeline.shown();
        showEstimate();
        setInterval(tick, TICK_MS);
        const task = asked.startsWith("task-")
            ? model.placeOf(asked.slice("task-".length))
            : undefined;
        if (task !== undefined) {
            choose(task);
            graphTab.reveal(task);
        }
    }
    document.documentElement.dataset.run = "shown";
};

begin().catch((error) => {
    notice.textContent = error.message;
    tabs.open("tasks-tab");
});
