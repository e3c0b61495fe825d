/*
What the drawer shows of the template as a whole: its own fields, its parameters, the order of its
steps, all of it as text.

    const panels = createPanels(editor, drawer, {data, server, choose, problems, template, say})
    panels.open(name), panels.leave(), panels.isOpen
    panels.render()             what is edited has changed
    panels.showProblems()       what is wrong with it has changed
    panels.isTyping             what has just changed was typed into a field of these
    panels.showErrors(errors)   shows the field that is wrong; returns the texts that are of none
*/

import {button, element} from "../dom.js";
import * as form from "./form.js";
import {isObject, parse} from "./json.js";
import {createList} from "./list.js";
import * as model from "./model.js";
import {createParameters} from "./parameters.js";

export const createPanels = (editor, drawer, {data, server, choose, problems, template, say}) => {
    let open = null;
    let isTyping = false;
    const settings = element("div", {className: "settings"});
    settings.append(...document.querySelectorAll("#workflowtemplate_form fieldset.module"));
    settings.querySelectorAll("details").forEach((each) => {
        each.open = true;
    });
    const jsonRow = settings.querySelector(".form-row.field-parameters_schema");
    const parameters = createParameters(editor, server, data.form, jsonRow);
    const list = createList({
        choose: (key) => choose(key, "step_id"),
        move: (key, by) => editor.move(key, by),
    });
    const area = element("textarea", {
        className: "json",
        name: "template-text",
        rows: 24,
        spellcheck: false,
        "aria-label": "The template as JSON",
    });
    const wrongText = element("p", {className: "field-error", role: "alert"});

    const typed = (event) => {
        isTyping = true;
        editor.setFields(form.values(editor.fields.beside), `field:${event.target.name}`);
        isTyping = false;
        if (event.target.name === "parameters_schema") {
            parameters.render();
        }
    };
    settings.addEventListener("input", typed);
    jsonRow.addEventListener("input", (event) => {
        if (!settings.contains(jsonRow)) {
            event.stopPropagation();
            typed(event);
        }
    });

    const takeText = () => {
        wrongText.textContent = "";
        try {
            const given = parse(area.value);
            if (!isObject(given) || !Array.isArray(given.steps)) {
                throw new SyntaxError("it must be an object with a name and steps");
            }
            take(given);
            say("Taken over; Undo brings the old steps back.");
        } catch (error) {
            wrongText.textContent = `Cannot be read: ${error.message}.`;
        }
    };
    const take = (given) =>
        editor.replace({
            steps: model.read(given.steps.map(complete)),
            fields: form.imported(editor.fields, given),
        });

    const contents = {
        template: () => ({title: "Name, description, rules", body: settings}),
        parameters() {
            parameters.render();
            return {title: "Parameters", body: parameters.element, isWide: true};
        },
        order: () => ({
            title: "Order of dispatch",
            body: [
                element(
                    "p",
                    {className: "help"},
                    "Of the steps that are ready, the first one here is dispatched first.",
                ),
                list.element,
            ],
        }),
        text() {
            const {name: _, ...rest} = template().template;
            area.value = JSON.stringify({name: editor.fields.name, ...rest}, null, 2);
            return {
                title: "As text",
                isWide: true,
                body: [
                    element("p", {className: "help"}, "All of the template, as the API takes it."),
                    area,
                    wrongText,
                ],
                foot: button("Take it over", takeText),
            };
        },
    };

    const panels = {
        get isOpen() {
            return open !== null;
        },
        get isTyping() {
            return isTyping || parameters.isTyping;
        },
        parameterCount: parameters.count,
        take,
        open(name) {
            editor.choose(null);
            open = name;
            drawer.show(contents[name]());
            panels.render();
        },
        leave() {
            open = null;
        },
        showProblems() {
            if (open === "order") {
                list.render(editor.steps, problems(), editor.keys);
            }
        },
        render() {
            panels.showProblems();
            if (open === "parameters" && !panels.isTyping) {
                parameters.render();
            }
        },
        showErrors(errors) {
            const others = form.showErrors(errors);
            const wrong = form.firstWrong(errors);
            if (wrong) {
                panels.open(wrong === "parameters_schema" ? "parameters" : "template");
                form.focus(wrong);
            }
            return others;
        },
    };
    return panels;
};

/* Steps of a text may leave out what has a default. */
const complete = (step) => ({title: step.step_id, ...step, depends_on: step.depends_on ?? []});
