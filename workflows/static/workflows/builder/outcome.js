/*
How a trial goes, in a corner of the drawing, while somebody goes on drawing.

    const outcome = createOutcome(host)
    outcome.show({run, url, outcome, stepId}, again)    in place of the one before

What it shows is made by the server, and asked for until the trial is over. `again()` tries once more.
*/

import {button, element} from "../dom.js";
import {keepAsking} from "../poll.js";
import {toast} from "../toast.js";

const EVERY_MS = 1500;
const LEVELS = {success: "success", failed: "error"};

export const createOutcome = (host) => {
    let poll = null;
    const panel = element("section", {className: "outcome-panel", hidden: true, tabIndex: -1});
    host.append(panel);

    const close = () => {
        poll?.stop();
        panel.hidden = true;
        panel.replaceChildren();
    };
    const heading = ({run, url, stepId}, again) =>
        element(
            "header",
            {},
            element("h3", {}, stepId ? `Trial of ${stepId}` : "Trial of this draft"),
            element("a", {href: url, target: "_blank", rel: "noopener"}, `run ${run}`),
            element(
                "span",
                {className: "acts"},
                button("Try again", again, {name: "try-again"}),
                button("×", close, {className: "close", "aria-label": "Close the trial"}),
            ),
        );
    const told = (state, {run, url}) => {
        const level = LEVELS[state] ?? "warning";
        toast(`Trial ${run}: ${state}.`, {href: url, label: `Run ${run}`, level});
    };

    return {
        show(started, again) {
            poll?.stop();
            const {outcome: address, run, url} = started;
            const said = element("p", {className: "visually-hidden", role: "status"});
            const body = element("div", {className: "outcome-body"});
            panel.setAttribute("aria-label", `Trial ${run}`);
            panel.replaceChildren(heading(started, again), said, body);
            panel.hidden = false;
            panel.focus();
            if (!address) {
                body.append(element("p", {}, "Whoever may view runs and tasks sees how it goes."));
                return;
            }
            let shown = "";
            const answered = async (response) => {
                const {state, is_over: isOver, html} = await response.json();
                if (html !== shown) {
                    shown = html;
                    const page = new DOMParser().parseFromString(html, "text/html");
                    body.replaceChildren(...page.body.childNodes);
                    said.textContent = `Trial ${run} is ${state}.`;
                }
                if (isOver) {
                    mine.stop();
                    told(state, {run, url});
                }
            };
            const mine = keepAsking({url: address, every: EVERY_MS, beside: true, answered});
            poll = mine;
            mine.ask();
        },
    };
};
