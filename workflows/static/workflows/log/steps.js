/*
The steps of a run beside their logs, with state and duration, and how often a text stands in each log.

    const steps = createStepList(host, {graph, search, back, chosen, searched})
        graph, search       where tasks and hits come from
        chosen(id)          somebody wants to see this log
        searched(wanted)    somebody searches all logs: {text, isPattern, hasCase}
    steps.load(), steps.refresh()
    steps.first             the task to begin with: one that failed, or that runs
    steps.choose(id), steps.step(1 or -1)
    steps.wanted            what is searched for
*/

import {element} from "../dom.js";
import {duration} from "../run/duration.js";
import {records} from "../run/records.js";

const SEARCH_AFTER_MS = 250;
const REFRESH_MS = 10_000; /* not more often: the whole run is asked for */
const ORDER = ["failed", "running", "dispatched"];
const KEYS = [
    [["/"], "search"],
    [["n", "N"], "next, previous"],
    [["e"], "first error"],
    [["w"], "wrap"],
    [["t"], "times"],
    [["d", "D"], "difference"],
    [["[", "]"], "step"],
    [["Esc"], "leave"],
];

export const createStepList = (host, {graph, search, back, chosen, searched}) => {
    let tasks = [];
    let shown = null;
    let hits = null;
    let loadedAt = 0;
    let timer = null;
    let requests = 0;
    const wanted = {text: "", isPattern: false, hasCase: false};

    const input = element("input", {
        type: "search",
        className: "log-search",
        placeholder: "All logs of the run",
        "aria-label": "Search in all logs of the run",
        autocomplete: "off",
        spellcheck: false,
        oninput: () => want({text: input.value}),
    });
    const option = (text, label, name) => {
        const made = element(
            "button",
            {type: "button", className: "log-switch", title: label, "aria-label": label},
            text,
        );
        made.setAttribute("aria-pressed", "false");
        made.onclick = () => {
            want({[name]: !wanted[name]});
            made.setAttribute("aria-pressed", String(wanted[name]));
        };
        return made;
    };
    const told = element("span", {role: "status"});
    const list = element("ol", {className: "log-steps"});
    const keys = KEYS.map(([names, meaning]) =>
        element(
            "span",
            {className: "log-key"},
            names.map((name) => element("kbd", {}, name)),
            meaning,
        ),
    );
    host.append(
        element("div", {className: "log-back"}, back),
        element(
            "div",
            {className: "log-find", role: "search"},
            element("span", {className: "icon icon-search", "aria-hidden": "true"}),
            input,
            option("Aa", "Match case", "hasCase"),
            option(".*", "Regular expression", "isPattern"),
        ),
        element("p", {className: "log-told"}, told, element("span", {}, "took")),
        list,
        element("div", {className: "log-keys"}, keys),
    );

    const want = (what) => {
        Object.assign(wanted, what);
        searched(wanted);
        clearTimeout(timer);
        timer = setTimeout(findAll, SEARCH_AFTER_MS);
    };

    const findAll = async () => {
        requests += 1;
        const request = requests;
        if (!wanted.text) {
            hits = null;
            draw();
            return;
        }
        const query = new URLSearchParams({q: wanted.text});
        if (wanted.isPattern) {
            query.set("pattern", "1");
        }
        if (wanted.hasCase) {
            query.set("case", "1");
        }
        const response = await fetch(`${search}?${query}`).catch(() => null);
        const found = await response?.json().catch(() => null);
        if (request === requests) {
            hits = found ?? {detail: "The logs could not be searched. Type again."};
            draw();
        }
    };

    const summary = () => {
        if (hits?.detail) {
            return hits.detail;
        }
        if (!hits) {
            return `${tasks.length.toLocaleString("en")} step${tasks.length === 1 ? "" : "s"}`;
        }
        const found = Object.values(hits.hits);
        const all = found.reduce((sum, each) => sum + each, 0).toLocaleString("en");
        const left = hits.left_out ? ` · ${hits.left_out} not searched` : "";
        return `${hits.logs} logs · ${all} hit${all === "1" ? "" : "s"} in ${found.length}${left}`;
    };

    const draw = () => {
        told.textContent = summary();
        list.replaceChildren(...tasks.map(row));
        const current = list.querySelector("[aria-current]");
        current?.scrollIntoView({block: "nearest"});
    };

    const row = (task) => {
        const count = hits?.hits?.[task.id];
        const took = task.started && duration((task.finished ?? Date.now() / 1000) - task.started);
        const link = element(
            "a",
            {href: `#task-${task.id}`, title: task.title},
            element(
                "span",
                {className: `badge plain badge-${task.state}`},
                element("span", {className: "visually-hidden"}, task.state),
            ),
            element("span", {className: "log-step"}, task.name),
            count
                ? element(
                      "span",
                      {className: "log-hits"},
                      `${count.toLocaleString("en")} hit${count === 1 ? "" : "s"}`,
                  )
                : null,
            element("span", {className: "log-took"}, took || ""),
        );
        if (task.id === shown) {
            link.setAttribute("aria-current", "true");
        }
        link.onclick = (event) => {
            if (!(event.ctrlKey || event.metaKey || event.shiftKey)) {
                event.preventDefault();
                chosen(task.id);
            }
        };
        return element("li", {}, link);
    };

    const load = async () => {
        const response = await fetch(graph).catch(() => null);
        if (response?.ok && !response.redirected) {
            const place = (task) =>
                (ORDER.indexOf(task.state) + ORDER.length + 1) % (ORDER.length + 1);
            tasks = records((await response.json()).tasks)
                .map((task, index) => ({...task, index}))
                .sort((one, other) => place(one) - place(other) || one.index - other.index);
            loadedAt = Date.now();
        }
        draw();
    };

    return {
        wanted,
        load,
        get first() {
            return tasks.find(({attempts}) => attempts)?.id ?? tasks[0]?.id;
        },
        refresh() {
            if (Date.now() - loadedAt > REFRESH_MS) {
                load();
            }
        },
        choose(id) {
            shown = id;
            draw();
        },
        step(by) {
            const at = tasks.findIndex(({id}) => id === shown);
            const next = tasks[(at + by + tasks.length) % tasks.length];
            if (next) {
                chosen(next.id);
            }
        },
    };
};
