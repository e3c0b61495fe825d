/* A file becomes the drawing: `importing(data, taken)` returns the button that asks for it. */

import {button, element, freshId} from "./dom.js";
import {readFile} from "./server.js";

export const importing = (address, taken) => {
    const [fileId, boxId] = [freshId(), freshId()];
    const file = element("input", {
        type: "file",
        id: fileId,
        accept: ".yaml,.yml,.json",
        name: "import-file",
    });
    const box = element("input", {type: "checkbox", id: boxId});
    const errors = element("ul", {className: "errorlist", role: "alert"});
    const load = async () => {
        if (!file.files.length) {
            errors.replaceChildren(element("li", {}, "Choose a file."));
            return;
        }
        const {status, body} = await readFile(address, file.files[0], box.checked);
        if (status === 200) {
            dialog.close();
            taken(body);
            return;
        }
        const texts = Object.values(body).flat().slice(0, 20);
        errors.replaceChildren(...texts.map((said) => element("li", {}, said)));
    };
    const dialog = element(
        "dialog",
        {className: "importing", "aria-label": "Import a file"},
        element("h3", {}, "Import a file"),
        element(
            "p",
            {className: "help"},
            "Its steps take the place of the ones here. Nothing is stored until you save, and undo brings the old ones back.",
        ),
        errors,
        element("p", {}, element("label", {for: fileId}, "YAML, or JSON; also WfFormat 1.5"), file),
        element(
            "p",
            {className: "check"},
            box,
            element("label", {for: boxId}, "Of WfFormat: execute what was recorded"),
        ),
        element(
            "div",
            {className: "operations"},
            button("Import", load, {className: "button default"}),
            button("Cancel", () => dialog.close(), {className: "button quiet"}),
        ),
    );
    const open = button(
        "Import…",
        () => {
            errors.replaceChildren();
            file.value = "";
            dialog.showModal();
        },
        {className: "button quiet"},
    );
    return [open, dialog];
};
