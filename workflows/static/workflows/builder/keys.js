/*
The keys of the builder, its clipboard, and the field that finds steps.

    listen(host, editor, {actions, saving, frame, canvas})
*/

const TYPES = "input, textarea, select, [contenteditable]";

export const listen = (host, editor, {actions, saving, frame, canvas}) => {
    const isTyping = (event) => Boolean(event.target.closest?.(TYPES));
    const isOpenDialog = () => Boolean(document.querySelector("dialog[open]"));

    const withControl = (event) => {
        const typing = isTyping(event);
        return {
            s: saving.save,
            z: typing ? null : event.shiftKey ? actions.redo : actions.undo,
            y: typing ? null : actions.redo,
            d: typing || !editor.keys.length ? null : () => editor.duplicate(),
            a: typing ? null : () => editor.chooseAll(editor.steps.map(({key}) => key)),
        }[event.key.toLowerCase()];
    };
    const alone = (event) => {
        if (event.key === "Escape") {
            return () => leave();
        }
        return event.key === "/" && !isTyping(event) ? () => frame.find.focus() : null;
    };
    const leave = () => {
        if (!frame.drawer.hidden) {
            actions.close();
        } else if (host.classList.contains("is-full")) {
            actions.fullScreen();
        }
    };
    document.addEventListener("keydown", (event) => {
        if (isOpenDialog() || event.altKey || event.defaultPrevented) {
            return;
        }
        const act = event.ctrlKey || event.metaKey ? withControl(event) : alone(event);
        if (act) {
            event.preventDefault();
            act();
        }
    });
    frame.drawer.addEventListener("focusout", () => editor.settle());

    const isForSteps = (event) => !isTyping(event) && !String(getSelection()) && !isOpenDialog();
    document.addEventListener("copy", (event) => {
        if (isForSteps(event) && editor.keys.length) {
            event.clipboardData.setData("text/plain", editor.copy());
            event.preventDefault();
            actions.copied();
        }
    });
    document.addEventListener("cut", (event) => {
        if (isForSteps(event) && editor.keys.length) {
            event.clipboardData.setData("text/plain", editor.copy());
            event.preventDefault();
            editor.remove();
        }
    });
    document.addEventListener("paste", (event) => {
        if (isForSteps(event)) {
            event.preventDefault();
            actions.pasteText(event.clipboardData.getData("text/plain"));
        }
    });

    let found = [];
    let at = -1;
    const search = () => {
        found = canvas.find(frame.find.value);
        at = -1;
        const wanted = frame.find.value.trim();
        frame.showFound(wanted ? `${found.length} found` : "");
        if (found.length) {
            canvas.reveal(found[0]);
        }
    };
    frame.find.addEventListener("input", search);
    frame.find.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            event.preventDefault();
            if (found.length) {
                at = (at + (event.shiftKey ? -1 : 1) + found.length) % found.length;
                actions.open(found[at]);
                canvas.find(frame.find.value);
                frame.showFound(`${at + 1} of ${found.length}`);
            }
        }
        if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            frame.find.value = "";
            search();
            canvas.svg.focus();
        }
    });
};
