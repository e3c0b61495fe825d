/*
Imports a file into the drawing.

    createImport(server, url, imported) → [button, dialog]      imported(template) takes what was read
*/

import {button, element, freshId} from "../dom.js";

export const createImport = (server, url, imported) => {
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
        const sent = new FormData();
        sent.append("file", file.files[0]);
        if (box.checked) {
            sent.append("commands", "on");
        }
        const {status, body} = await server.ask(url, {method: "POST", body: sent});
        if (status === 200) {
            dialog.close();
            imported(body);
            return;
        }
        const texts = Object.values(body).flat().slice(0, 20);
        errors.replaceChildren(...texts.map((text) => element("li", {}, text)));
    };
    const dialog = element(
        "dialog",
        {className: "builder-dialog", "aria-label": "Import a file"},
        element("h3", {}, "Import a file"),
        element(
            "p",
            {className: "help"},
            "Its steps replace the ones here. Nothing is stored until you save, and Undo brings the old steps back.",
        ),
        errors,
        element("p", {}, element("label", {for: fileId}, "YAML or JSON, also WfFormat 1.5"), file),
        element(
            "p",
            {className: "check"},
            box,
            element("label", {for: boxId}, "WfFormat: execute the recorded commands"),
        ),
        element(
            "div",
            {className: "operations"},
            button("Import", load, {className: "button default"}),
            button("Cancel", () => dialog.close()),
        ),
    );
    const open = button(
        "Import…",
        () => {
            errors.replaceChildren();
            file.value = "";
            dialog.showModal();
        },
        {className: "link"},
    );
    return [open, dialog];
};
