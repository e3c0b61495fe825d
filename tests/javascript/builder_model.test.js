import assert from "node:assert/strict";
import {test} from "node:test";
import {createHistory} from "../../workflows/static/workflows/builder/history.js";
import * as model from "../../workflows/static/workflows/builder/model.js";
import {problemsOf} from "../../workflows/static/workflows/builder/problems.js";

const DAY = 86400;

/* Steps as they are edited: steps("a", "b < a") says that b waits for a. */
const steps = (...drawn) =>
    model.read(
        drawn.map((text) => {
            const [id, upstream] = text.split(" < ");
            return {step_id: id, title: id, depends_on: upstream?.split(", ") ?? []};
        }),
    );

const byId = (of, id) => of.find((step) => step.step_id === id);
const ids = (of) => of.map((step) => step.step_id);
const waits = (of) => Object.fromEntries(model.write(of).map((s) => [s.step_id, s.depends_on]));
const texts = (of) => problemsOf(of, DAY).map(({text}) => text);

test("steps are written as they were read", () => {
    const plain = [
        {
            step_id: "a",
            title: "A",
            depends_on: [],
            runner: "gpu",
            payload: {command: ["true"]},
            timeout_seconds: 5,
            requires_approval: true,
        },
        {
            step_id: "b",
            title: "B",
            depends_on: ["a"],
            runner: null,
            payload: {},
            timeout_seconds: null,
            requires_approval: false,
        },
    ];

    assert.deepEqual(model.write(model.read(plain)), plain);
});

test("a step without a title is written with its id as the title", () => {
    const [step] = model.write([model.newStep({step_id: "a", title: " "})]);

    assert.equal(step.title, "a");
});

test("dependencies follow a step that is renamed", () => {
    const before = steps("a", "b < a");
    const after = model.update(before, byId(before, "a").key, {step_id: "extract"});

    assert.deepEqual(waits(after), {extract: [], b: ["extract"]});
});

test("a dependency on an unknown step keeps its text", () => {
    const found = steps("b < nowhere");

    assert.deepEqual(waits(found), {b: ["nowhere"]});
    assert.deepEqual(model.edgesOf(found), [["nowhere", found[0].key]]);
});

test("a step that is removed is no longer waited for", () => {
    const before = steps("a", "b < a", "c < a, b");

    assert.deepEqual(waits(model.remove(before, [byId(before, "a").key])), {b: [], c: ["b"]});
});

test("connecting twice leaves one dependency", () => {
    const [a, b] = steps("a", "b");
    const once = model.connect([a, b], a.key, b.key);

    assert.deepEqual(waits(once), {a: [], b: ["a"]});
    assert.equal(model.connect(once, a.key, b.key), once);
});

test("disconnecting removes known and unknown dependencies", () => {
    const found = steps("a", "b < a, nowhere");
    const [a, b] = found;

    assert.deepEqual(waits(model.disconnect(found, a.key, b.key)).b, ["nowhere"]);
    assert.deepEqual(waits(model.disconnect(found, "nowhere", b.key)).b, ["a"]);
});

test("moving changes the order and stops at its ends", () => {
    const found = steps("a", "b", "c");

    assert.deepEqual(ids(model.move(found, found[2].key, -1)), ["a", "c", "b"]);
    assert.equal(model.move(found, found[0].key, -1), found);
    assert.equal(model.move(found, found[2].key, 1), found);
});

test("a free id is the first number that is not taken", () => {
    assert.equal(model.freeId(steps("step-1", "step-3")), "step-2");
});

test("a cycle is found behind steps that belong to none", () => {
    const found = steps("start", "a < start, c", "b < a", "c < b", "end < c");

    assert.equal(model.spellCycle(found, model.cycleIn(found)), "a → b → c → a");
    assert.equal(model.cycleIn(steps("a", "b < a")), null);
});

test("correct steps have no problems", () => {
    assert.deepEqual(problemsOf(steps("a", "b < a"), DAY), []);
});

test("a new template is not called wrong before anything is typed", () => {
    assert.deepEqual(texts([]), []);
});

test("empty and repeated ids are problems of their steps", () => {
    const found = problemsOf(steps(" ", "a", "a"), DAY);

    assert.deepEqual(
        found.map(({field, text}) => [field, text]),
        [
            ["step_id", "Give the step a key."],
            ["step_id", "The key “a” is used twice."],
            ["step_id", "The key “a” is used twice."],
        ],
    );
});

test("unknown and own dependencies are problems", () => {
    assert.deepEqual(texts(steps("a < nowhere", "b < b")), [
        "There is no step “nowhere”.",
        "A step cannot wait for itself.",
    ]);
});

test("a cycle is one problem that names its steps", () => {
    const found = steps("a < c", "b < a", "c < b");
    const [problem, ...others] = problemsOf(found, DAY);

    assert.equal(problem.text, "Cycle: a → b → c → a");
    assert.deepEqual(new Set(problem.cycle), new Set(found.map((step) => step.key)));
    assert.deepEqual(others, []);
});

test("payloads that no runner could execute are problems", () => {
    const problems = (payload, draft = null) =>
        texts([model.newStep({step_id: "a", payload, draft})]);
    const notAList = ['“command” is a list of texts, the program and its arguments: ["tar", "-c"]'];

    assert.deepEqual(problems({command: ["true"]}), []);
    assert.deepEqual(problems({command: []}), ["Type the command."]);
    assert.deepEqual(problems({command: "true"}), notAList);
    assert.deepEqual(problems({command: ["sleep", 5]}), notAList);
    assert.deepEqual(problems({python: ""}), ["Choose the function."]);
    assert.deepEqual(problems({command: ["true"], python: "f"}), [
        "Keep either “command” or “python”, not both.",
    ]);
    assert.deepEqual(problems({}, {text: "{", error: "Not valid JSON."}), ["Not valid JSON."]);
});

test("timeouts are whole seconds up to the longest", () => {
    const problems = (seconds) => texts([model.newStep({step_id: "a", timeout_seconds: seconds})]);
    const wrong = ["Give an amount of time, such as 15 min, of 1 to 86400 seconds, or none."];

    assert.deepEqual([null, 1, DAY].flatMap(problems), []);
    for (const seconds of [0, -1, 1.5, DAY + 1, Number.NaN]) {
        assert.deepEqual(problems(seconds), wrong);
    }
});

test("undo and redo go through the changes", () => {
    let calls = 0;
    const history = createHistory(["a"], () => {
        calls += 1;
    });
    history.change(["a", "b"]);
    history.change(["a", "b", "c"]);
    history.undo();
    history.undo();

    assert.deepEqual([history.value, history.canUndo, history.canRedo], [["a"], false, true]);
    history.redo();
    assert.deepEqual([history.value, history.canUndo, history.canRedo], [["a", "b"], true, true]);
    assert.equal(calls, 5);
});

test("a change after undo ends what could be redone", () => {
    const history = createHistory(["a"], () => {});
    history.change(["b"]);
    history.undo();
    history.change(["c"]);

    assert.equal(history.canRedo, false);
});

test("changes of one name are undone together until they are settled", () => {
    const history = createHistory([""], () => {});
    history.change(["x"], "title");
    history.change(["xy"], "title");
    history.settle();
    history.change(["xyz"], "title");

    history.undo();
    assert.deepEqual(history.value, ["xy"]);
    history.undo();
    assert.deepEqual(history.value, [""]);
});

test("a change to equal steps is no change", () => {
    const history = createHistory(["a"], () => assert.fail("nothing has changed"));
    history.change(["a"]);

    assert.equal(history.canUndo, false);
});
