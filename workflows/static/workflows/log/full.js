/* The logs of a run fill the window: at the left its steps and what a search finds in them, then one log. */

import {element} from "../dom.js";
import {areOn} from "../keys.js";
import {addressOf, placeIn} from "./address.js";
import {createStepList} from "./steps.js";
import {createTask} from "./task.js";
import {watch} from "./watch.js";

const page = document.getElementById("logs");
const {run: runUrl, number, graph, search, panel: panelUrl} = page.dataset;
const [side, host] = [
    element("nav", {"aria-label": "Steps"}),
    element("div", {className: "log-main"}),
];
let shown = null;

const runAddress = () => `${runUrl}#task-${shown ?? ""}`;

const closeLink = element(
    "a",
    {
        className: "panel-tool",
        title: "Back to the run (Esc)",
        "aria-label": "Back to the run",
    },
    element("span", {className: "icon icon-close", "aria-hidden": "true"}),
);

const task = createTask(host, {
    tools: [closeLink],
    isFull: true,
    moved: (place) => history.replaceState(null, "", addressOf(place)),
    ended: () => watched.ask(),
});

const watched = watch({
    drawn(article) {
        const place = placeIn(location.hash);
        const isOther = host.querySelector("article")?.dataset.task !== article.dataset.task;
        task.draw(article, place?.task === shown ? place : null);
        closeLink.href = runAddress();
        steps.refresh();
        if (isOther && steps.wanted.text) {
            task.viewer?.search(steps.wanted);
        }
    },
});

const choose = (id) => {
    shown = id;
    steps.choose(id);
    if (placeIn(location.hash)?.task !== id) {
        history.replaceState(null, "", addressOf({task: id}));
    }
    return watched.show(panelUrl.replace("/0/", `/${id}/`));
};

const steps = createStepList(side, {
    graph,
    search,
    back: element("a", {className: "button", href: runUrl}, `‹ Run ${number}`),
    chosen: choose,
    searched: (wanted) => task.viewer?.search(wanted),
});

/* Before the keys of all pages, which would search elsewhere. */
document.addEventListener(
    "keydown",
    (event) => {
        if (document.querySelector("dialog[open]")) {
            return;
        }
        const isTyping = event.target.matches?.("input, textarea, select");
        const step = {"[": -1, "]": 1}[event.key];
        if (step && !isTyping && areOn()) {
            steps.step(step);
        } else if (!task.viewer?.key(event)) {
            if (event.key !== "Escape") {
                return;
            }
            location.href = runAddress();
        }
        event.preventDefault();
    },
    true,
);
addEventListener("hashchange", () => {
    const place = placeIn(location.hash);
    if (place && place.task !== shown) {
        choose(place.task);
    } else if (place) {
        task.viewer?.show(place);
    }
});
/* Somebody has pressed a button of this page. */
document.addEventListener("workflows:done", (event) => {
    event.preventDefault();
    watched.ask();
});

page.replaceChildren(side, host);
await steps.load();
const first = placeIn(location.hash)?.task ?? steps.first;
if (first) {
    await choose(first);
}
document.documentElement.dataset.logs = "shown";
