/* The history of a template: the grid, its legend, what is under the pointer, where a click leads. */

import {element} from "../dom.js";
import {keepAsking} from "../poll.js";
import {duration} from "../run/duration.js";
import {createGrid} from "./grid.js";
import {legend, WORDS} from "./squares.js";

const DAY = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
});
const MANY_STEPS = 20;
const EVERY_MS = 3000; /* while a run goes on */

const start = (section) => {
    let data = JSON.parse(document.getElementById("grid-data").textContent);
    const host = document.getElementById("history-grid");
    const tip = element("div", {className: "history-tip", hidden: true, "aria-hidden": "true"});
    const said = element("p", {className: "visually-hidden", role: "status"});
    const onlyFailed = element("input", {type: "checkbox", id: "only-failed"});

    /* The run that a comparison is with: the latest before it in which the step, or the run, succeeded. */
    const before = ({place, step}) => {
        const row = data.steps.find(([name]) => name === step);
        const isGood = (at) =>
            !data.runs[at][5] &&
            (row ? "sth".includes(row[3][at]) : data.runs[at][1] === "success");
        for (let at = place - 1; at >= 0; at -= 1) {
            if (isGood(at)) {
                return data.runs[at][0];
            }
        }
        return data.runs[place - 1]?.[0] ?? null;
    };

    const go = (address, {ctrlKey, metaKey}) => {
        if (ctrlKey || metaKey) {
            window.open(address, "_blank", "noopener");
        } else {
            location.href = address;
        }
    };
    const open = ({run: [id, , , , , isRemoved], task}, event) => {
        if (!isRemoved) {
            const address = section.dataset.run.replace("/0/", `/${id}/`);
            go(task ? `${address}#task-${task}` : address, event);
        }
    };
    const compare = (cell, event) => {
        const other = before(cell);
        if (other && !cell.run[5]) {
            const step = cell.step ? `&step=${encodeURIComponent(cell.step)}` : "";
            go(`${section.dataset.compare}?a=${other}&b=${cell.run[0]}${step}`, event);
        }
    };

    const tell = (cell, box) => {
        tip.hidden = !cell;
        if (!cell) {
            return;
        }
        const lines = linesOf(cell, data, before(cell));
        said.textContent = lines.map(({text}) => text).join(". ");
        tip.replaceChildren(
            ...lines.map(({text, className}) => element("span", {className, textContent: text})),
        );
        const {width, height} = tip.getBoundingClientRect();
        const below = box.top + box.size.height + 8;
        const isBelow = below + height < innerHeight;
        tip.style.left = `${Math.max(8, Math.min(box.left - width / 2, innerWidth - width - 8))}px`;
        tip.style.top = `${isBelow ? below : box.top - height - 8}px`;
    };

    const grid = createGrid(host, {tell, open, compare});
    const show = () => grid.show(data, {onlyFailed: onlyFailed.checked});
    onlyFailed.addEventListener("change", show);
    host.append(tip, said);
    if (data.steps.length > MANY_STEPS) {
        const label = element("label", {for: "only-failed"}, onlyFailed, "Only steps that failed");
        section.querySelector(".card-head h2").after(label);
    }
    if (data.left_out) {
        host.append(
            element("p", {
                className: "more",
                textContent: `${data.left_out} more steps, none of which failed, are left out.`,
            }),
        );
    }
    const kinds = new Set(data.steps.flatMap(([, , , letters]) => [...letters]));
    show();
    document.getElementById("history-legend").replaceChildren(...legend(kinds));
    let known = null;
    keepAsking({
        url: section.dataset.grid,
        every: EVERY_MS,
        isAsleep: !data.is_live,
        headers: () => (known ? {"If-None-Match": known} : {}),
        async answered(response) {
            if (response.status === 200) {
                data = await response.json();
                known = response.headers.get("ETag");
                show();
            }
            return data.is_live ? EVERY_MS : null;
        },
    });
    let width = host.clientWidth;
    new ResizeObserver(() => {
        if (host.clientWidth !== width) {
            width = host.clientWidth;
            show();
        }
    }).observe(host);
};

const linesOf = (cell, data, other) => {
    const {run, step, kind, usual, seconds, task} = cell;
    const [id, state, began, took, version, isRemoved] = run;
    const when = began === null ? "" : ` · ${DAY.format(new Date(began * 1000))}`;
    const name = step ? `${step} in run ${id}` : `run ${id}${version ? `, v${version}` : ""}`;
    const [message, line] = (task && data.why[task]) || ["", ""];
    const how = step ? (WORDS[kind] ?? "no such step") : state;
    const length = step ? seconds : took;
    const known = step ? usual : data.usual;
    const took_ = length ? `${how === "failed" ? " after" : ","} ${duration(length)}` : "";
    const usually = length && known ? ` (usual ${duration(known)})` : "";
    const lines = [
        {text: `${name}${when}`, className: "what"},
        {text: `${how}${message ? `, ${message}` : ""}${took_}${usually}`},
    ];
    if (line) {
        lines.push({text: line, className: "line"});
    }
    if (isRemoved) {
        lines.push({text: "removed; only its record is left", className: "how"});
    } else {
        const more = other ? ` · Shift+click: compare with run ${other}` : "";
        const what = step && task ? "the task and its log" : "the run";
        lines.push({text: `click: ${what}${more}`, className: "how"});
    }
    return lines;
};

const section = document.getElementById("history");
if (section) {
    start(section);
}
