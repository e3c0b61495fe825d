/* The fields of a script, with a warning where an expression puts free text into it. */

import {button, element} from "../dom.js";
import {surroundings} from "./command.js";
import {scriptField} from "./script.js";
import {intoVariables, riskyIn} from "./shell.js";
import {payloadOf, SHELL, scriptOf} from "./work.js";

export const scriptFields = (step, set, {schema, rebuild}) => {
    const warning = element("div", {className: "script-warning", role: "status", hidden: true});
    const warn = (script) => {
        warning.hidden = riskyIn(script, schema()).length === 0;
    };
    const move = () => {
        const {payload} = step;
        const {script, env} = intoVariables(scriptOf(payload), payload.env ?? {}, schema());
        set({...payloadOf(script), env});
        rebuild();
    };
    warning.append(
        element(
            "p",
            {},
            element("code", {}, "{{ … }}"),
            " is put into the shell text as it stands: what people type there could be executed. ",
            button("Put it into environment variables", move, {className: "link"}),
        ),
    );
    const changed = (script) => {
        warn(script);
        set(payloadOf(script), `command:${step.key}`);
    };
    warn(scriptOf(step.payload));
    return [
        element(
            "p",
            {className: "script-head"},
            element("span", {className: "label"}, "Script"),
            element("code", {}, SHELL.slice(0, -1).join(" ")),
            element("span", {className: "hint"}, element("kbd", {}, "Ctrl Space"), " completes"),
        ),
        scriptField({value: scriptOf(step.payload), name: "script", label: "Script", changed}),
        warning,
        surroundings(step, set),
    ];
};
