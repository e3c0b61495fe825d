/*
The tab with the timeline: one row per task, its waiting and its running; the critical path is marked.

    const tab = createTimeline(host, model, {choose, previousUrl?})
    tab.paint(), tab.choose(index), tab.shown()

`previousUrl` has the graph of the run before, whose bars are drawn behind. Only the rows in sight
are drawn, so that ten thousand tasks cost no more than thirty.
*/

import {button, element} from "../dom.js";
import {svgElement} from "../graph/svg.js";
import {duration} from "./duration.js";
import {readGhost} from "./timeline_ghost.js";
import {AXIS, axis, headRow, NAMES, ROW, taskRow} from "./timeline_rows.js";
import {read} from "./timeline_times.js";

const RIGHT = 90;
const MIN_PLOT = 260;
const ZOOM = 1.5;
const MAX_ZOOM = 400;

export const createTimeline = (host, model, {choose, previousUrl}) => {
    const said = element("p", {className: "more"});
    const svg = svgElement("svg", {class: "timeline"});
    const scroller = element(
        "div",
        {
            className: "timeline-host",
            tabIndex: 0,
            role: "group",
            "aria-label": "Timeline of the run: arrow keys choose a task",
        },
        svg,
    );
    let times = null;
    let ghost = null;
    let zoom = 1;
    let isByRunner = false;
    let chosen = null;
    let isStale = true;

    const plot = () => Math.max(MIN_PLOT, scroller.clientWidth - NAMES - RIGHT) * zoom;
    const x = (moment) => NAMES + (plot() * (moment - times.from)) / (times.until - times.from);

    const draw = () => {
        if (host.hidden) {
            isStale = true;
            return;
        }
        if (isStale) {
            times = read(model, {isByRunner, ghost});
            said.textContent = explanation(model, times);
            scroller.hidden = !times.shown.length;
            isStale = false;
        }
        const {rows} = times;
        svg.setAttribute("width", NAMES + plot() + RIGHT);
        svg.setAttribute("height", AXIS + rows.length * ROW + 4);
        const first = Math.max(0, Math.floor((scroller.scrollTop - AXIS) / ROW) - 4);
        const last = Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + 4;
        const at = {x, left: scroller.scrollLeft, top: scroller.scrollTop, width: svg.clientWidth};
        const drawn = rows.slice(first, last).map((row, i) => {
            const top = AXIS + (first + i) * ROW;
            return row.runner
                ? headRow(row, top, at)
                : taskRow(model, row, top, {...at, times, isChosen: row.index === chosen});
        });
        const {lines, labels} = axis(times, rows.length, at);
        svg.replaceChildren(lines, ...drawn, labels);
    };

    /* The moment under the pointer, or in the middle, stays where it is. */
    const zoomBy = (factor, clientX = null) => {
        const left = scroller.getBoundingClientRect().left;
        const from = clientX === null ? scroller.clientWidth / 2 : clientX - left;
        const share = (scroller.scrollLeft + from - NAMES) / plot();
        zoom = Math.min(MAX_ZOOM, Math.max(1, zoom * factor));
        draw();
        scroller.scrollLeft = share * plot() - from + NAMES;
        draw();
    };

    const toggle = (text, act) =>
        button(
            text,
            async ({currentTarget}) => {
                const isOn = currentTarget.getAttribute("aria-pressed") !== "true";
                currentTarget.setAttribute("aria-pressed", String(isOn));
                await act(isOn);
                isStale = true;
                draw();
            },
            {className: "tool", "aria-pressed": "false"},
        );
    const tool = (text, label, act) =>
        button(text, act, {className: "tool", title: label, "aria-label": label});
    host.append(
        element(
            "div",
            {className: "timeline-tools"},
            toggle("By runner", (isOn) => {
                isByRunner = isOn;
            }),
            previousUrl
                ? toggle("Last success behind", async (isOn) => {
                      ghost = isOn ? await readGhost(previousUrl) : null;
                  })
                : null,
            said,
            element(
                "div",
                {className: "zoom"},
                tool("−", "Zoom out", () => zoomBy(1 / ZOOM)),
                tool("+", "Zoom in", () => zoomBy(ZOOM)),
                tool("Fit", "Fit: show all of the time", () => zoomBy(0)),
            ),
        ),
        scroller,
    );

    scroller.addEventListener("scroll", () => requestAnimationFrame(draw));
    scroller.addEventListener(
        "wheel",
        (event) => {
            if (event.ctrlKey || event.metaKey) {
                event.preventDefault();
                zoomBy(Math.exp(-event.deltaY / 300), event.clientX);
            }
        },
        {passive: false},
    );
    scroller.addEventListener("click", (event) => {
        /* By its place: the row itself may have been drawn anew since the button went down. */
        const at = Math.floor((event.clientY - svg.getBoundingClientRect().top - AXIS) / ROW);
        const index = times.rows[at]?.index;
        if (index !== undefined) {
            choose(index);
        }
    });
    scroller.addEventListener("keydown", (event) => {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        const {shown, rows} = times;
        if (!step || !shown.length) {
            return;
        }
        event.preventDefault();
        const next = Math.max(0, Math.min(shown.length - 1, shown.indexOf(chosen) + step));
        const at = rows.findIndex(({index}) => index === shown[next]);
        scroller.scrollTop = Math.max(0, AXIS + (at + 0.5) * ROW - scroller.clientHeight / 2);
        choose(shown[next]);
    });
    new ResizeObserver(draw).observe(scroller);

    return {
        paint() {
            isStale = true;
            draw();
        },
        choose(index) {
            chosen = index;
            draw();
        },
        shown: draw,
    };
};

const explanation = (model, {shown, from, until}) => {
    if (!shown.length) {
        return "No task has been dispatched yet: the timeline shows each task once it has been dispatched.";
    }
    const [some, all] = [shown.length, model.tasks.length].map((n) => n.toLocaleString("en"));
    return (
        `${some} of ${all} tasks have been dispatched, in ${duration(until - from)}. ` +
        "Thin: waiting to be dispatched; pale: waiting for its runner; full: running; " +
        "★: the critical path, which decided when the run ended."
    );
};
