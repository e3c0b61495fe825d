/*
The fields of the template itself: those of the plain form, which stand in the drawer of the builder.

    form.values()                       what they say, by name
    form.write(values)                  lets them say something else
    form.parsed(values)                 {template, wrong}: as the server takes them, and what cannot be read
    form.imported(values, template)     with what an imported file says
    form.showErrors({name: [text, …]})  shows at each field what is wrong; returns the other texts
    form.firstWrong(errors), form.focus(name)
*/

import {element} from "../dom.js";
import {parseObject} from "./json.js";

const NAMES = [
    "name",
    "description",
    "approver_must_differ",
    "approval_lasts",
    "parameters_schema",
    "labels",
];
/* Taken once: while the drawer shows others, they are not in the page. */
const inputs = new Map(NAMES.map((name) => [name, document.getElementById(`id_${name}`)]));
const input = (name) => inputs.get(name);
const BOX = "approver_must_differ";
const OBJECTS = ["parameters_schema", "labels"];

/* `beside` is what an imported file says, and no field shows. */
export const values = (beside = {}) => ({
    ...Object.fromEntries(
        NAMES.map((name) => [name, name === BOX ? input(name).checked : input(name).value]),
    ),
    beside,
});

export const write = (given) => {
    for (const name of NAMES) {
        if (name === BOX) {
            input(name).checked = given[name];
        } else if (input(name).value !== given[name]) {
            input(name).value = given[name];
        }
    }
};

export const parsed = ({beside, ...given}) => {
    const objects = OBJECTS.map((name) => [name, parseObject(given[name])]);
    const wrong = objects.filter(([, {error}]) => error).map(([name, {error}]) => [name, [error]]);
    return {
        wrong: Object.fromEntries(wrong),
        template: {
            ...given,
            ...Object.fromEntries(objects.map(([name, {value}]) => [name, value ?? {}])),
            ...beside,
        },
    };
};

export const imported = (given, template) => {
    const {name, description, approver_must_differ: differ, approval_lasts: lasts} = template;
    const {parameters_schema: schema, labels, retention} = template;
    const text = (object) => JSON.stringify(object, null, 2);
    return {
        ...given,
        name: given.name || name,
        ...(description ? {description} : {}),
        ...(differ ? {[BOX]: true} : {}),
        ...(lasts ? {approval_lasts: lasts} : {}),
        ...(schema ? {parameters_schema: text(schema)} : {}),
        ...(labels ? {labels: text(labels)} : {}),
        beside: {...given.beside, ...(retention ? {retention} : {})},
    };
};

export const showErrors = (errors) => {
    for (const name of NAMES) {
        const row = input(name).closest(".form-row");
        row.querySelector(".errorlist")?.remove();
        row.classList.toggle("errors", name in errors);
        input(name).setAttribute("aria-invalid", String(name in errors));
        if (name in errors) {
            row.prepend(
                element(
                    "ul",
                    {className: "errorlist", role: "alert"},
                    errors[name].map((error) => element("li", {}, error)),
                ),
            );
        }
    }
    return Object.entries(errors)
        .filter(([name]) => !NAMES.includes(name))
        .flatMap(([, texts]) => texts);
};

/* The first field that is wrong, which is to be seen. */
export const firstWrong = (errors) => NAMES.find((name) => name in errors);
export const focus = (name) => {
    input(name).closest("details")?.setAttribute("open", "");
    input(name).focus();
};
