/*
A list of rows, each with a button that removes it; what they say is read from the page.

    valueRows({legend, add, items, blank, inputs, read, changed}) → element

`inputs(item, n)` are the elements of a row, `read(inputs)` is their value; `changed(values)` is called
after each change; `blank` is the item of a new row, `add` the text of its button.
*/

import {button, element} from "../dom.js";

export const valueRows = ({legend, add, items, blank, inputs, read, changed}) => {
    const list = element("ol", {className: "value-rows"});
    const inputsOf = new Map();
    const report = () => changed([...list.children].map((row) => read(inputsOf.get(row))));

    const append = (item) => {
        const parts = inputs(item, list.children.length);
        const removeRow = () => {
            row.remove();
            report();
            addButton.focus();
        };
        const label = `Remove: ${legend.toLowerCase()}`;
        const removal = button("×", removeRow, {className: "remove", "aria-label": label});
        const row = element("li", {}, parts, removal);
        inputsOf.set(row, parts);
        list.append(row);
        return parts;
    };
    const addRow = () => {
        append(blank)[0].focus();
        report();
    };
    const addButton = button(add, addRow);

    items.forEach(append);
    list.addEventListener("input", report);
    return element(
        "fieldset",
        {className: "values"},
        element("legend", {}, legend),
        list,
        addButton,
    );
};
