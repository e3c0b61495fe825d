import assert from "node:assert/strict";
import {test} from "node:test";
import {copied, pasted} from "../../workflows/static/workflows/builder/clipboard.js";
import {entriesOf, matching, placeIn} from "../../workflows/static/workflows/builder/complete.js";
import {createEditor} from "../../workflows/static/workflows/builder/editor.js";
import * as model from "../../workflows/static/workflows/builder/model.js";
import {rename} from "../../workflows/static/workflows/builder/references.js";
import * as schema from "../../workflows/static/workflows/builder/schema.js";
import {intoVariables, riskyIn} from "../../workflows/static/workflows/builder/shell.js";
import {joinWords, splitWords} from "../../workflows/static/workflows/builder/words.js";
import {payloadOf, scriptOf, workOf} from "../../workflows/static/workflows/builder/work.js";

test("any words come back from the line that they make", () => {
    const words = [
        ...["tar", "", "two words", "it's", '"', "\\", "a\\b", "a\nb", "$HOME", "#", "{{", "}}"],
        ...["{{ params.day }}", "x{{ tasks['a b'].result }}y z", "{{ '{{.Names}}' }}", "{{ a 'b"],
    ];

    assert.deepEqual(splitWords(joinWords(words)), {words});
    for (const word of words) {
        assert.deepEqual(splitWords(joinWords([word, "next"])), {words: [word, "next"]});
    }
});

test("a line is parted as people expect of a shell", () => {
    const parted = {
        "  a   b ": ["a", "b"],
        "a 'b c' \"d e\"": ["a", "b c", "d e"],
        "a\\ b": ["a b"],
        "--x='y z'": ["--x=y z"],
        '"a\\"b\\n"': ['a"b\\n'],
        "{{ params.a | default('x y') }} b": ["{{ params.a | default('x y') }}", "b"],
        "": [],
    };

    for (const [line, words] of Object.entries(parted)) {
        assert.deepEqual(splitWords(line), {words}, line);
    }
    assert.match(splitWords("a 'b").error, /not closed/);
});

test("a script is the command that it is stored as", () => {
    const payload = {command: ["bash", "-euo", "pipefail", "-c", "echo 1\n"]};

    assert.deepEqual(payloadOf("echo 1\n"), payload);
    assert.equal(scriptOf(payload), "echo 1\n");
    assert.equal(scriptOf({command: ["bash", "-c", "x"]}), null);
    assert.deepEqual(
        [{}, payload, {command: ["ls"]}, {python: "f"}, {task: "a.b"}, {prompt: "x"}].map(workOf),
        ["none", "script", "command", "function", "task", "json"],
    );
    assert.deepEqual([{command: "ls"}, {python: 5}, {task: {}}].map(workOf), Array(3).fill("json"));
});

test("only expressions with free text are a risk in a script", () => {
    const types = {
        properties: {
            n: {type: "integer"},
            day: {type: "string", format: "date"},
            who: {type: "string"},
        },
    };
    const script = "{{ params.n }} {{params.day}} {{ run.id }} {{ params.who }} {{ params.x }}";

    assert.deepEqual(riskyIn(script, types), ["params.who", "params.x"]);
    assert.deepEqual(riskyIn("echo $HOME", types), []);
});

test("what is a risk becomes a variable, quoted where it stands", () => {
    const before = `a={{ params.who }}; echo "{{ params.who }}" '{{ tasks.a.result }}' # {{ params.q }}'`;
    const {script, env} = intoVariables(before, {WHO: "taken"}, {});

    assert.equal(
        script,
        `a="\${WHO_2}"; echo "\${WHO_2}" '"\${A}"' # "\${Q}"'`.replace(`'"\${A}"'`, `''"\${A}"''`),
    );
    assert.deepEqual(env, {
        WHO: "taken",
        WHO_2: "{{ params.who }}",
        A: "{{ tasks.a.result }}",
        Q: "{{ params.q }}",
    });
});

test("the place of an expression is found, and what fits there", () => {
    assert.equal(placeIn("echo tasks.", 11), null);
    assert.equal(placeIn("{{ a }} tasks.", 14), null);
    assert.deepEqual(placeIn("x {{ tasks.a.re", 15), {
        start: 5,
        typed: "tasks.a.re",
        isFilter: false,
    });
    assert.equal(placeIn("{{ params.a | lo", 16).isFilter, true);
    const left = {
        run: 7,
        exit_code: 0,
        params: [],
        result: [{path: "", type: "object", value: "1"}],
    };
    const entries = entriesOf({
        schema: {properties: {"a day": {type: "string", format: "date"}, key: {writeOnly: true}}},
        upstream: ["a", "b-c"],
        leftBy: (id) => (id === "a" ? left : null),
    });
    const texts = matching(entries, "").map(({text}) => text);

    assert.deepEqual(texts.slice(0, 3), ["params['a day']", "params.key", "tasks.a.result"]);
    assert.ok(texts.includes("tasks['b-c'].output"));
    assert.equal(entries[1].value, "secret");
    assert.deepEqual(
        matching(entries, "res").map(({text}) => text),
        ["tasks.a.result", "tasks['b-c'].result"],
    );
});

const steps = (...plain) =>
    model.read(
        plain.map(([step_id, depends_on = [], payload = {}]) => ({
            step_id,
            title: step_id,
            depends_on,
            payload,
        })),
    );

test("pasted steps get free keys, and their expressions follow", () => {
    const uses = {
        kwargs: {x: "{{ tasks.a.result }} {{ tasks['a'].output }} {{ tasks.ab.result }}"},
    };
    const before = steps(["up"], ["a", ["up"]], ["b", ["a"], uses]);
    const keys = before.slice(1).map(({key}) => key);
    const {steps: after, left} = pasted(before, copied(before, keys));
    const [a, b] = model.write(after).slice(3);

    assert.deepEqual([a.step_id, a.title, a.depends_on], ["a-2", "a-2", ["up"]]);
    assert.deepEqual([b.step_id, b.depends_on, left], ["b-2", ["a-2"], 0]);
    assert.equal(
        b.payload.kwargs.x,
        "{{ tasks['a-2'].result }} {{ tasks['a-2'].output }} {{ tasks.ab.result }}",
    );
    const elsewhere = pasted(steps(["x"]), copied(before, keys));
    assert.equal(elsewhere.left, 1);
    assert.deepEqual(
        model.write(elsewhere.steps).map(({step_id: id}) => id),
        ["x", "a", "b"],
    );
    assert.match(pasted(before, "hello").error, /no steps/);
});

test("everything is undone, and what is gone is not chosen", () => {
    const editor = createEditor(
        {steps: steps(["a"], ["b", ["a"]]), fields: {name: "x"}},
        {
            changed: () => {},
            say: () => {},
        },
    );
    editor.chooseAll(editor.steps.map(({key}) => key));
    editor.duplicate();
    editor.setFields({name: "y"});
    editor.arrange([...editor.steps].reverse().map(({key}) => key));
    assert.deepEqual(
        editor.steps.map(({step_id: id}) => id),
        ["b-2", "a-2", "b", "a"],
    );

    editor.undo();
    editor.undo();
    editor.undo();
    assert.deepEqual([editor.steps.length, editor.fields.name, editor.keys], [2, "x", []]);
    assert.deepEqual([editor.canUndo, editor.canRedo], [false, true]);
});

test("a draft comes back with other keys and the same dependencies", () => {
    const before = steps(["a"], ["b", ["a", "nowhere"]]);
    const after = model.revive(JSON.parse(JSON.stringify(before)));

    assert.deepEqual(model.write(after), model.write(before));
    assert.notEqual(after[0].key, before[0].key);
});

test("the designer changes what it shows and keeps the rest", () => {
    const given = {
        $schema: "x",
        additionalProperties: false,
        properties: {
            n: {type: "integer", minimum: 1, default: 3},
            any: true,
            odd: {type: ["string", "null"], title: "Odd"},
            mode: {type: "string", enum: ["a", "b"]},
            hosts: {type: "array", items: {type: "string"}, maxItems: 3},
            token: {type: "string", writeOnly: true},
        },
        required: ["n", "token"],
    };
    const fields = schema.fieldsIn(given);

    assert.deepEqual(
        fields.map(({name, kind, more}) => [name, kind, more]),
        [
            ["n", "integer", ["minimum"]],
            ["any", "other", []],
            ["odd", "other", ["type"]],
            ["mode", "choice", []],
            ["hosts", "list", ["maxItems"]],
            ["token", "secret", []],
        ],
    );
    assert.deepEqual(schema.beside(given), ["additionalProperties"]);
    const next = schema.renamed(schema.setField(given, "n", {title: "N"}), "n", "count");
    assert.deepEqual(next.properties.count, {type: "integer", minimum: 1, default: 3, title: "N"});
    assert.deepEqual(Object.keys(next.properties)[0], "count");
    assert.deepEqual(next.required, ["count", "token"]);
    assert.deepEqual(schema.setField(given, "n", {title: ""}), given);
    assert.equal(schema.renamed(given, "n", "odd"), given);
    const secret = schema.setField(given, "n", {kind: "secret"}).properties.n;
    assert.deepEqual(secret, {type: "string", writeOnly: true, minimum: 1});
    const one = schema.added({});
    assert.deepEqual(schema.removed(one.schema, one.name), {});
    assert.deepEqual(Object.keys(schema.moved(given, "any", -1).properties)[0], "any");
});

test("a step that is renamed is renamed in the expressions of other steps, as one step of undo", () => {
    const script =
        "echo tasks.a {{ tasks.a.result.n + 1 }} {{ tasks['a'].output | default('tasks.a') }}";
    const given = {
        python: "tasks.a",
        kwargs: {deep: [script, "{{ params.tasks.a }} {{ tasks.ab.result }}"]},
    };
    const first = [
        model.newStep({step_id: "a"}),
        model.newStep({step_id: "b", payload: given}),
        model.newStep({step_id: "c", draft: {text: '{"x": "{{ tasks[\'a\'] }}"', error: "no"}}),
    ];
    const said = [];
    const editor = createEditor(
        {steps: first, fields: {}},
        {changed: () => {}, say: (text) => said.push(text)},
    );
    const {key} = first[0];
    for (const id of ["", "a", "ab", "ab-", "ab-c"]) {
        editor.rename(key, {step_id: id}, "key");
    }
    editor.tellRenamed();

    const [, b, c] = editor.steps;
    const next =
        "echo tasks.a {{ tasks['ab-c'].result.n + 1 }} {{ tasks['ab-c'].output | default('tasks.a') }}";
    assert.deepEqual(b.payload, {python: "tasks.a", kwargs: {deep: [next, given.kwargs.deep[1]]}});
    assert.equal(c.draft.text, '{"x": "{{ tasks[\'ab-c\'] }}"');
    assert.deepEqual(said, ["Renamed in 3 places of other steps, too."]);
    editor.undo();
    assert.deepEqual(editor.steps, first);
    assert.equal(rename(first, key, {step_id: "b"}).places, 0);
});
