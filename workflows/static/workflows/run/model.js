/*
The tasks of a run, as plain data: read once, then kept up to date.

    const model = createModel(graph, now?)
    model.tasks             a task has what admin/runs/live.py sends: {id, name, title, state, flags, …}
    model.update(changed)   takes over changed tasks; returns the indexes of all that look different
    model.indexOf(id)       the index of a task; everything else takes and returns indexes
    model.where(test)       the indexes that pass a test

The server sends only the tasks that something happened to. Which others became ready or blocked by
that is worked out here.
*/

import {neighbours} from "../graph/layout.js";
import {reach, topologicalOrder} from "../graph/paths.js";
import {exact} from "../moments.js";
import {duration} from "./duration.js";
import {records} from "./records.js";

const BROKEN = ["failed", "canceled"];
const ACTIVE = ["dispatched", "running"];

const joined = (...texts) => texts.filter(Boolean).join(" · ");
const clock = (at) => exact(new Date(at * 1000)).slice(11, 16);
const secondsSince1970 = () => Date.now() / 1000;

const isBrokenState = (state) => BROKEN.includes(state);

export const createModel = (graph, now = secondsSince1970) => {
    const {edges, started} = graph;
    const tasks = records(graph.tasks);
    const usual = graph.usual.length ? graph.usual : new Array(tasks.length).fill(null);
    const {up, down} = neighbours(tasks.length, edges);
    const indexes = new Map(tasks.map(({id}, index) => [id, index]));
    const order = topologicalOrder(up, down);
    let culprits = null; /* per task, the broken task that it waits for; -1: none */

    const where = (test) => [...tasks.keys()].filter(test);
    const has = (index, flag) => tasks[index].flags.includes(flag);
    const isDone = (index) => tasks[index].state === "success";
    const isBroken = (index) => isBrokenState(tasks[index].state);
    const isAskedToEnd = (index) =>
        ACTIVE.includes(tasks[index].state) && has(index, "cancel_requested");
    const culpritOf = (index) => {
        if (!culprits) {
            culprits = new Array(tasks.length).fill(-1);
            for (const each of order) {
                const before = up[each].find((one) => isBroken(one) || culprits[one] >= 0) ?? -1;
                culprits[each] =
                    before >= 0 && isBroken(before) ? before : (culprits[before] ?? -1);
            }
        }
        return culprits[index];
    };
    const isBlocked = (index) => kind(index) === "pending" && culpritOf(index) >= 0;

    /* The state, or what keeps a pending task from being dispatched. */
    const kind = (index) => {
        const {state} = tasks[index];
        if (state !== "pending") {
            return state;
        }
        if (has(index, "held")) {
            return "held";
        }
        if (has(index, "awaits_approval")) {
            return "approval";
        }
        return up[index].every(isDone) ? "ready" : "pending";
    };

    const word = (index) => {
        if (isAskedToEnd(index)) {
            return "asked to end";
        }
        if (isBlocked(index)) {
            return "blocked";
        }
        if (has(index, "marked_success")) {
            return "success by hand";
        }
        return {held: "on hold", approval: "waits for approval"}[kind(index)] ?? kind(index);
    };

    /* As in the tables: a state that people have brought about has an icon of its own. */
    const icon = (index) => {
        if (has(index, "marked_success")) {
            return "by-hand";
        }
        if (kind(index) === "success" && tasks[index].approved_by) {
            return "approval";
        }
        return isAskedToEnd(index) ? "canceled" : kind(index);
    };

    const secondsRun = (index) => {
        const {state, started: start, finished} = tasks[index];
        const hasRun = start && state !== "pending" && state !== "dispatched";
        return hasRun ? (finished ?? now()) - start : null;
    };

    /* What the box of a task says below its name. */
    const note = (index) => {
        const {attempts, exit_code: exit, approved_by: by, approved_at: at} = tasks[index];
        const seconds = secondsRun(index);
        const length = seconds === null ? "" : duration(seconds);
        const again = attempts > 1 ? `${attempts} attempts` : "";
        const isPlain = kind(index) === "success" && !has(index, "marked_success");
        if (isPlain && by) {
            return `by ${by} at ${clock(at)}`;
        }
        if (isPlain) {
            return joined(length || "success", again);
        }
        if (kind(index) === "failed") {
            return joined(Number.isInteger(exit) ? `exit ${exit}` : "failed", length, again);
        }
        if (kind(index) === "running") {
            return joined(isAskedToEnd(index) ? word(index) : "", sofar(index, length), again);
        }
        return kind(index) === "pending" ? waitNote(index) : joined(word(index), length, again);
    };
    const sofar = (index, length) =>
        usual[index] ? `${length} of ${duration(usual[index])}` : length;
    const waitNote = (index) => {
        if (isBlocked(index)) {
            return `blocked by ${tasks[culpritOf(index)].name}`;
        }
        const open = up[index].filter((each) => !isDone(each));
        return open.length === 1 ? `waits for ${tasks[open[0]].name}` : `waits for ${open.length}`;
    };

    /* How long a task ran, and usually runs, as shares of the longest of all. */
    const bar = (index) => {
        const seconds = secondsRun(index);
        if (seconds === null) {
            return null;
        }
        const most = Math.max(longest(), seconds, usual[index] ?? 0);
        return {length: seconds / most, tick: usual[index] ? usual[index] / most : null};
    };
    let longestKnown = null;
    const longest = () => {
        longestKnown ??= tasks.reduce(
            (most, _, index) => Math.max(most, secondsRun(index) ?? 0, usual[index] ?? 0),
            0.001,
        );
        return longestKnown;
    };

    const update = (changed) => {
        const different = new Set();
        for (const task of records(changed)) {
            const index = indexes.get(task.id);
            if (index === undefined) {
                continue;
            }
            const isSame = isBroken(index) === isBrokenState(task.state);
            const followers = isSame ? down[index] : reach(down, [index]);
            for (const each of [index, ...followers]) {
                different.add(each);
            }
            Object.assign(tasks[index], task);
        }
        culprits = null;
        longestKnown = null;
        return different;
    };

    /* When a task began to wait: when its last upstream task finished, or when the run started. */
    const readyAt = (index) =>
        up[index].reduce(
            (latest, each) => Math.max(latest, tasks[each].finished ?? 0),
            started ?? tasks[index].dispatched ?? 0,
        );

    /* The tasks that decided when the run ended, or will: each waited for the one before it. */
    const criticalPath = () => {
        const end = (index) => tasks[index].finished ?? (tasks[index].started ? now() : 0);
        const latest = (indexes) =>
            indexes.reduce(
                (found, each) => (found === null || end(each) > end(found) ? each : found),
                null,
            );
        const path = new Set();
        let last = latest(where((index) => tasks[index].started));
        while (last !== null) {
            path.add(last);
            last = latest(up[last].filter((index) => tasks[index].finished));
        }
        return path;
    };

    return {
        tasks,
        edges,
        started,
        now,
        kind,
        word,
        icon,
        note,
        update,
        readyAt,
        criticalPath,
        secondsRun,
        isBlocked,
        culpritOf,
        usual,
        order,
        where,
        indexOf: (id) => indexes.get(Number(id)),
        /* What draw.js draws of a task and of an edge. */
        vertex(index) {
            const {name, title} = tasks[index];
            return {
                title: name,
                note: note(index),
                kind: kind(index),
                icon: icon(index),
                bar: bar(index),
                more: joined(word(index), title === name ? "" : title),
            };
        },
        edgeKind: ([from]) => (isDone(from) ? "met" : isBroken(from) ? "broken" : ""),
        /* A task with all that comes before and after it. */
        relatives: (index) => new Set([index, ...reach(up, [index]), ...reach(down, [index])]),
    };
};
