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
import {longestPath, reach, topologicalOrder} from "../graph/paths.js";
import {duration} from "./duration.js";
import {records} from "./records.js";

const BROKEN = ["failed", "canceled"];
const ACTIVE = ["dispatched", "running"];

const secondsSince1970 = () => Date.now() / 1000;

const isBrokenState = (state) => BROKEN.includes(state);

export const createModel = (graph, now = secondsSince1970) => {
    const {edges, usual, started} = graph;
    const tasks = records(graph.tasks);
    const {up, down} = neighbours(tasks.length, edges);
    const indexes = new Map(tasks.map(({id}, index) => [id, index]));
    const order = topologicalOrder(up, down);
    let blocked = null;

    const where = (test) => [...tasks.keys()].filter(test);
    const has = (index, flag) => tasks[index].flags.includes(flag);
    const isDone = (index) => tasks[index].state === "success";
    const isBroken = (index) => isBrokenState(tasks[index].state);
    const isAskedToEnd = (index) =>
        ACTIVE.includes(tasks[index].state) && has(index, "cancel_requested");
    const isBlocked = (index) => {
        blocked ??= reach(down, where(isBroken));
        return blocked.has(index);
    };

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
        if (kind(index) === "pending" && isBlocked(index)) {
            return "cannot start";
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
        return isAskedToEnd(index) ? "canceled" : kind(index);
    };

    const secondsRun = (index) => {
        const {state, started: start, finished} = tasks[index];
        const hasRun = start && state !== "pending" && state !== "dispatched";
        return hasRun ? (finished ?? now()) - start : null;
    };

    const note = (index) => {
        const seconds = secondsRun(index);
        const {attempts} = tasks[index];
        return [
            word(index),
            seconds === null ? "" : duration(seconds),
            attempts > 1 ? `${attempts} attempts` : "",
        ]
            .filter(Boolean)
            .join(" · ");
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
        blocked = null;
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

    /* Seconds until the end, from what the steps usually take; null if that is not known. */
    const remaining = () => {
        const left = order.filter((index) => !isDone(index));
        const isUnknown = (index) => isBroken(index) || usual[index] === null;
        if (!usual.length || !left.length || left.some(isUnknown)) {
            return null;
        }
        const secondsLeft = (index) => Math.max(0, usual[index] - (secondsRun(index) ?? 0));
        return longestPath(order, up, (index) => (isDone(index) ? 0 : secondsLeft(index))).seconds;
    };

    return {
        tasks,
        edges,
        started,
        now,
        kind,
        note,
        update,
        readyAt,
        criticalPath,
        remaining,
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
                more: title === name ? "" : title,
            };
        },
        edgeKind: ([from]) => (isDone(from) ? "met" : isBroken(from) ? "broken" : ""),
        /* A task with all that comes before and after it. */
        relatives: (index) => new Set([index, ...reach(up, [index]), ...reach(down, [index])]),
    };
};
