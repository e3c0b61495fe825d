/*
The template's own fields: the ones of the plain form, which stand above the builder.

    fields.read() → {name, description, approver_must_differ, parameters_schema} or {error}
    fields.tell({name: [text, …]})      says at each field what is wrong with it
*/

import {element} from "./dom.js";
import {parseObject} from "./json.js";

const input = (name) => document.getElementById(`id_${name}`);
const NAMES = ["name", "description", "approver_must_differ", "parameters_schema"];

export const text = () =>
    JSON.stringify(
        NAMES.map((name) =>
            name === "approver_must_differ" ? input(name).checked : input(name).value,
        ),
    );

export const read = () => {
    const {value, error} = parseObject(input("parameters_schema").value);
    tell(error ? {parameters_schema: [error]} : {});
    return error
        ? null
        : {
              name: input("name").value,
              description: input("description").value,
              approver_must_differ: input("approver_must_differ").checked,
              parameters_schema: value,
          };
};

export const fill = ({
    name,
    description,
    approver_must_differ: differ,
    parameters_schema: schema,
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
    if (schema) {
        input("parameters_schema").value = JSON.stringify(schema, null, 2);
    }
};

export const tell = (errors) => {
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
                    errors[name].map((said) => element("li", {}, said)),
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
