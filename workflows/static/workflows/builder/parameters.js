/*
The designer of parameters: their fields, the form that asks for them, and the JSON Schema behind it.

    const parameters = createParameters(editor, server, address, jsonRow)
    parameters.element
    parameters.render()     the schema has been changed elsewhere, or the designer was opened
    parameters.isTyping     what has just changed was typed into its own fields

`jsonRow` holds the field of the schema as JSON, which is the one that is stored.
*/

import {button, element} from "../dom.js";
import {parseObject} from "./json.js";
import {parameterCard} from "./parameter_card.js";
import {added, beside, fieldsIn, moved, removed, renamed, setField} from "./schema.js";

const SOON_MS = 400;

export const createParameters = (editor, server, address, jsonRow) => {
    let isTyping = false;
    let openName = null;
    let timer = 0;
    let turn = 0;
    const cards = element("div", {className: "parameters"});
    const about = element("p", {className: "help", role: "status"});
    const preview = element("div", {className: "launch-preview"});
    const addButton = button("Add a parameter", () => add());
    const asJson = element("details", {}, element("summary", {}, "As JSON"), jsonRow);

    const schema = () => parseObject(editor.fields.parameters_schema).value;
    const store = (next, tag) => {
        const isEmpty = !Object.keys(next).length;
        const text = isEmpty ? "" : JSON.stringify(next, null, 2);
        editor.setFields({parameters_schema: text}, tag);
    };
    const typed = (next, tag) => {
        isTyping = true;
        store(next, tag);
        isTyping = false;
        look();
    };
    const add = () => {
        const made = added(schema());
        openName = made.name;
        store(made.schema);
        const card = [...cards.children].find(({dataset}) => dataset.name === made.name);
        const name = card?.querySelector("[name=parameter-name]");
        name?.focus();
        name?.select();
    };
    const actions = (given) => {
        let name = given;
        return {
            set: (changes, tag) =>
                typed(setField(schema(), name, changes), tag && `${name}:${tag}`),
            /* Other fields are shown for another kind. */
            setKind(kind) {
                openName = name;
                store(setField(schema(), name, {kind}));
            },
            /* The card stays as it is: the focus is on its way to the next field. Returns the name. */
            rename(next) {
                const made = renamed(schema(), name, next);
                if (name in made.properties === false) {
                    typed(made);
                    name = next;
                }
                openName = name;
                return name;
            },
            remove: () => store(removed(schema(), name)),
            move(by) {
                openName = name;
                store(moved(schema(), name, by));
            },
        };
    };

    /* The form comes from the server, which makes it as for a run. */
    const look = () => {
        clearTimeout(timer);
        timer = setTimeout(async () => {
            turn += 1;
            const mine = turn;
            const given = schema();
            if (!given || !cards.isConnected) {
                return;
            }
            const {status, text} = await server.post(address, {schema: given}, {quietly: true});
            if (mine === turn && status === 200) {
                const page = new DOMParser().parseFromString(text, "text/html");
                preview.replaceChildren(...page.body.childNodes);
            }
        }, SOON_MS);
    };

    return {
        element: element(
            "div",
            {},
            cards,
            addButton,
            about,
            element("h4", {}, "What people see who start a run"),
            preview,
            asJson,
        ),
        get isTyping() {
            return isTyping;
        },
        count: () => Object.keys(schema()?.properties ?? {}).length,
        render() {
            const given = schema();
            addButton.disabled = !given;
            if (!given) {
                about.textContent = "The JSON cannot be read: correct it below.";
                asJson.open = true;
                return;
            }
            const fields = fieldsIn(given);
            const others = beside(given);
            const more = others.length
                ? `Also in the schema, and kept: ${others.join(", ")}; “As JSON” shows it.`
                : "";
            about.textContent = fields.length ? more : `A run takes any parameters. ${more}`;
            const opened = [...cards.children].filter(({open}) => open);
            const names = new Set([openName, ...opened.map(({dataset}) => dataset.name)]);
            cards.replaceChildren(
                ...fields.map((field, index) =>
                    parameterCard(field, {
                        ...actions(field.name),
                        isOpen: names.has(field.name),
                        isFirst: index === 0,
                        isLast: index === fields.length - 1,
                    }),
                ),
            );
            look();
        },
    };
};
