/*
Expressions name steps: `{{ tasks.a.result }}`, `{{ tasks['b-2'].output }}`.

    follow(value, names) → {value, places}      with other names, in all texts of a payload; `names` is a Map
    rename(steps, key, fields) → {steps, places}    gives a step another key, also in the expressions of the others

`places` counts the names that were replaced. What stands outside of `{{ }}`, or in quotes, is no name of a step.
A key that another step has, or that is empty, is on its way to another one: expressions wait for that.
*/

import {lookup} from "./complete.js";
import {isObject} from "./json.js";
import {stepOf, update} from "./model.js";
import {ALL_EXPRESSIONS} from "./words.js";

const NAME =
    /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![\w.])tasks(?:\.([A-Za-z_]\w*)|\['([^'\]]*)'\]|\["([^"\]]*)"\])/g;

export const follow = (given, names) => {
    let places = 0;
    const inName = (whole, plain, single, double) => {
        const next = names.get(plain ?? single ?? double);
        if (next === undefined) {
            return whole;
        }
        places += 1;
        return `tasks${lookup(next)}`;
    };
    const inText = (text) =>
        text.replaceAll(ALL_EXPRESSIONS, (expression) => expression.replaceAll(NAME, inName));
    const inAny = (value) => {
        if (typeof value === "string") {
            return inText(value);
        }
        if (Array.isArray(value)) {
            return value.map(inAny);
        }
        return isObject(value)
            ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inAny(each)]))
            : value;
    };
    return {value: inAny(given), places};
};

export const rename = (steps, key, fields) => {
    const [before, after] = [stepOf(steps, key).step_id, fields.step_id];
    const changed = update(steps, key, fields);
    const isTaken = steps.some(
        (step) => step.key !== key && [before, after].includes(step.step_id),
    );
    if (!before || !after || isTaken) {
        return {steps: changed, places: 0};
    }
    const names = new Map([[before, after]]);
    let places = 0;
    const followed = changed.map((step) => {
        const texts = follow({payload: step.payload, draft: step.draft}, names);
        places += texts.places;
        return texts.places ? {...step, ...texts.value} : step;
    });
    return {steps: followed, places};
};
