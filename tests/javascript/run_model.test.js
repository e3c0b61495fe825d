import assert from "node:assert/strict";
import {test} from "node:test";
import {duration} from "../../workflows/static/workflows/run/duration.js";
import {createModel} from "../../workflows/static/workflows/run/model.js";
import {records} from "../../workflows/static/workflows/run/records.js";

const COLUMNS = [
    "name",
    "title",
    "id",
    "state",
    "flags",
    "attempts",
    "dispatched",
    "started",
    "finished",
    "exit_code",
    "approved_by",
    "approved_at",
];
const UNTOUCHED = {
    state: "pending",
    flags: [],
    attempts: 0,
    dispatched: null,
    started: null,
    finished: null,
    exit_code: null,
    approved_by: "",
    approved_at: null,
};
const NOW = 1000;

/* Rows as the server sends them; the columns may come in any order. */
const table = (objects, columns = COLUMNS) => ({
    columns,
    rows: objects.map((each) => columns.map((name) => each[name])),
});

/* A model at second 1000; tasks get the ids 10, 11, …: model({a: {state: "failed"}, b: {}}, ["a > b"]). */
const model = (tasks, drawing = [], {usual = [], started = 0, columns = COLUMNS} = {}) => {
    const names = Object.keys(tasks);
    const rows = names.map((name, i) => ({
        name,
        title: name,
        id: 10 + i,
        ...UNTOUCHED,
        ...tasks[name],
    }));
    const edges = drawing.map((edge) => edge.split(" > ").map((name) => names.indexOf(name)));
    return createModel({tasks: table(rows, columns), edges, usual, started}, () => NOW);
};

const notes = (of) => of.tasks.map((_, index) => of.note(index));

const ran = (started, finished) => ({
    state: "success",
    attempts: 1,
    dispatched: started,
    started,
    finished,
});

test("columns in another order give the same tasks", () => {
    const tasks = {a: ran(1, 3), b: {flags: ["held"]}};
    const columns = [...COLUMNS].reverse();

    assert.deepEqual(model(tasks, [], {columns}).tasks, model(tasks).tasks);
});

test("a pending task is ready once all upstream tasks are success", () => {
    const run = model({a: ran(1, 2), b: {state: "running"}, c: {}, d: {}}, [
        "a > c",
        "a > d",
        "b > d",
    ]);

    assert.deepEqual([run.kind(2), run.kind(3)], ["ready", "pending"]);
});

test("a hold goes before an approval and both before ready", () => {
    const run = model({
        a: {flags: ["held", "awaits_approval"]},
        b: {flags: ["awaits_approval"]},
        c: {},
    });

    assert.deepEqual([0, 1, 2].map(run.kind), ["held", "approval", "ready"]);
    assert.deepEqual(notes(run), ["on hold", "waits for approval", "ready"]);
});

test("tasks behind a failed or canceled one blocked", () => {
    const run = model({a: {state: "failed"}, b: {}, c: {}, d: {state: "canceled"}, e: {}}, [
        "a > b",
        "b > c",
        "d > e",
    ]);

    assert.deepEqual(notes(run), [
        "failed",
        "blocked by a",
        "blocked by a",
        "canceled",
        "blocked by d",
    ]);
    assert.deepEqual([1, 2, 4].map(run.word), ["blocked", "blocked", "blocked"]);
});

test("notes tell how long a task ran and that it had several attempts", () => {
    const run = model({
        done: {...ran(100, 145), attempts: 3},
        running: {state: "running", attempts: 1, dispatched: 980, started: 990},
        dispatched: {state: "dispatched", attempts: 2, dispatched: 999},
    });

    assert.deepEqual(notes(run), ["45 s · 3 attempts", "10 s", "dispatched · 2 attempts"]);
});

test("notes tell how a task failed, who approved it, and how long it usually runs", () => {
    const at = new Date(2026, 10, 30, 2, 16).getTime() / 1000;
    const run = model(
        {
            failed: {...ran(100, 141), state: "failed", exit_code: 1},
            approved: {...ran(1, 2), approved_by: "kim", approved_at: at},
            running: {state: "running", started: 729},
            waiting: {},
        },
        ["running > waiting", "failed > waiting", "approved > waiting"],
        {usual: [null, null, 300, null]},
    );

    assert.deepEqual(notes(run), [
        "exit 1 · 41 s",
        "by kim at 02:16",
        "4 min 31 s of 5 min",
        "blocked by failed",
    ]);
    assert.equal(run.vertex(1).icon, "approval");
});

test("bars are shares of the longest, with the usual as a tick", () => {
    const run = model({a: ran(1, 11), b: ran(1, 41), c: {}}, [], {usual: [20, null, null]});

    assert.deepEqual(
        [0, 1, 2].map((index) => run.vertex(index).bar),
        [{length: 0.25, tick: 0.5}, {length: 1, tick: null}, null],
    );
});

test("what people did to a task is shown in word and icon", () => {
    const run = model({
        byHand: {...ran(1, 2), flags: ["marked_success"]},
        asked: {state: "running", started: 999, flags: ["cancel_requested"]},
        canceled: {state: "canceled", flags: ["cancel_requested"]},
    });

    assert.deepEqual(notes(run), ["success by hand · 1.0 s", "asked to end · 1.0 s", "canceled"]);
    assert.deepEqual(
        [0, 1, 2].map((index) => run.vertex(index).icon),
        ["by-hand", "canceled", "canceled"],
    );
});

test("the title is read out only if it says more than the step id", () => {
    const run = model({a: {}, b: {title: "Load it"}});

    assert.deepEqual([run.vertex(0).more, run.vertex(1).more], ["ready", "ready · Load it"]);
});

test("a task that succeeds changes itself and its direct downstream tasks", () => {
    const run = model({a: {state: "running", started: 1}, b: {}, c: {}}, ["a > b", "b > c"]);
    const changed = table([{id: 10, ...ran(1, 5)}], ["id", ...COLUMNS.slice(3)]);

    assert.deepEqual([...run.update(changed)].sort(), [0, 1]);
    assert.deepEqual([0, 1, 2].map(run.kind), ["success", "ready", "pending"]);
    assert.equal(run.tasks[0].name, "a");
});

test("a task that fails and recovers changes all that is downstream", () => {
    const run = model({a: {state: "running"}, b: {}, c: {}}, ["a > b", "b > c"]);
    const set = (state) => run.update(table([{id: 10, state}], ["id", "state"]));

    assert.deepEqual([...set("failed")].sort(), [0, 1, 2]);
    assert.deepEqual(notes(run).slice(1), ["blocked by a", "blocked by a"]);
    assert.deepEqual([...set("pending")].sort(), [0, 1, 2]);
    assert.deepEqual(notes(run), ["ready", "waits for a", "waits for b"]);
});

test("a task of another run changes nothing", () => {
    const run = model({a: {}});

    assert.equal(run.update(table([{id: 99, state: "failed"}], ["id", "state"])).size, 0);
});

test("tasks are found by their id as a number or a text", () => {
    const run = model({a: {}, b: {}});

    assert.deepEqual([run.indexOf(11), run.indexOf("11"), run.indexOf(null)], [1, 1, undefined]);
});

test("edges are met or broken by the state of their upstream task", () => {
    const run = model({a: ran(1, 2), b: {state: "failed"}, c: {}, d: {}}, [
        "a > d",
        "b > d",
        "c > d",
    ]);

    assert.deepEqual(run.edges.map(run.edgeKind), ["met", "broken", ""]);
});

test("relatives are everything before and after a task", () => {
    const run = model({a: {}, b: {}, c: {}, d: {}}, ["a > b", "b > c", "a > d"]);

    assert.deepEqual([...run.relatives(1)].sort(), [0, 1, 2]);
});

test("the critical path leads back along the tasks that finished last", () => {
    const run = model({a: ran(0, 10), b: ran(10, 20), c: ran(10, 50), d: ran(50, 60)}, [
        "a > b",
        "a > c",
        "b > d",
        "c > d",
    ]);

    assert.deepEqual([...run.criticalPath()], [3, 2, 0]);
});

test("the critical path of a run that has not started is empty", () => {
    assert.equal(model({a: {}}).criticalPath().size, 0);
});

test("a task is ready when its last upstream task has finished or the run has started", () => {
    const run = model({a: ran(5, 20), b: ran(5, 30), c: {}}, ["a > c", "b > c"], {started: 4});

    assert.deepEqual([run.readyAt(0), run.readyAt(2)], [4, 30]);
});

test("durations use units that people read", () => {
    const seconds = [-1, 0.08, 0.94, 0.95, 9.94, 9.95, 59.4, 60, 200, 599, 600, 3600, 7500];

    assert.deepEqual(seconds.map(duration), [
        "0 ms",
        "80 ms",
        "940 ms",
        "0.9 s",
        "9.9 s",
        "10 s",
        "59 s",
        "1 min",
        "3 min 20 s",
        "9 min 59 s",
        "10 min",
        "1 h",
        "2 h 5 min",
    ]);
});

test("records name the values of each row", () => {
    const rows = [
        [1, "x"],
        [2, "y"],
    ];

    assert.deepEqual(records({columns: ["id", "state"], rows}), [
        {id: 1, state: "x"},
        {id: 2, state: "y"},
    ]);
    assert.deepEqual(records({columns: [], rows: []}), []);
});
