/*
The fields of the template itself: those of the plain form, which stand above the builder.

    form.read() → {name, description, approver_must_differ, approval_lasts, parameters_schema, labels},
                                        or null if one is wrong
    form.fill(template)                 from an imported file
    form.text()                         changes whenever a field does
    form.showErrors({name: [text, …]})  shows at each field what is wrong; returns the other texts
*/

import {element} from "../dom.js";
import {parseObject} from "./json.js";

const input = (name) => document.getElementById(`id_${name}`);
const NAMES = [
    "name",
    "description",
    "approver_must_differ",
    "approval_lasts",
    "parameters_schema",
    "labels",
];
const OBJECTS = ["parameters_schema", "labels"];
/* What an imported file says, and no field shows. */
const beside = {};

export const text = () =>
    JSON.stringify(
        NAMES.map((name) =>
            name === "approver_must_differ" ? input(name).checked : input(name).value,
        ),
    );

export const read = () => {
    const parsed = OBJECTS.map((name) => [name, parseObject(input(name).value)]);
    const wrong = parsed.filter(([, {error}]) => error).map(([name, {error}]) => [name, [error]]);
    showErrors(Object.fromEntries(wrong));
    return wrong.length
        ? null
        : {
              name: input("name").value,
              description: input("description").value,
              approver_must_differ: input("approver_must_differ").checked,
              approval_lasts: input("approval_lasts").value,
              ...Object.fromEntries(parsed.map(([name, {value}]) => [name, value])),
              ...beside,
          };
};

export const fill = ({
    name,
    description,
    approver_must_differ: differ,
    approval_lasts: lasts,
    parameters_schema: schema,
    labels,
    retention,
}) => {
    if (!input("name").value) {
        input("name").value = name;
    }
    if (description) {
        input("description").value = description;
    }
    if (differ) {
        input("approver_must_differ").checked = true;
    }
    if (lasts) {
        input("approval_lasts").value = lasts;
    }
    if (schema) {
        input("parameters_schema").value = JSON.stringify(schema, null, 2);
    }
    if (retention) {
        beside.retention = retention;
    }
    if (labels) {
        input("labels").value = JSON.stringify(labels, null, 2);
    }
};

export const showErrors = (errors) => {
    for (const name of NAMES) {
        const row = document.querySelector(`.form-row.field-${name}`);
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
    const first = NAMES.find((name) => name in errors);
    if (first) {
        const folded = input(first).closest("details");
        if (folded) {
            folded.open = true;
        }
        input(first).focus();
    }
    return Object.entries(errors)
        .filter(([name]) => !NAMES.includes(name))
        .flatMap(([, texts]) => texts);
};
