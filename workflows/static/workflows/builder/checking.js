/*
What will not work in a draft, by the same check as on save.

    const checking = createChecking(server, url, {found})
    checking.look(template)     soon; `found()` is called when the answer is there
    checking.problems(steps)    [{key?, field, text, brief, isHint}] of the last answer
*/

const SOON_MS = 500;
const FIELDS = {payload: "payload", runner: "runner", depends_on: "depends_on"};

export const createChecking = (server, url, {found}) => {
    let findings = [];
    let timer = 0;
    let asked = null; /* the last template, as text: the same one is not asked for twice */
    let turn = 0;

    const ask = async (text) => {
        turn += 1;
        const mine = turn;
        const request = {method: "POST", body: text, type: "application/json", quietly: true};
        const {status, body} = await server.ask(url, request);
        if (mine !== turn) {
            return;
        }
        if (status === 200) {
            findings = body.findings;
            found();
        } else {
            asked = null; /* with the next change */
        }
    };

    return {
        look(template) {
            const text = JSON.stringify(template);
            if (text !== asked) {
                asked = text;
                clearTimeout(timer);
                timer = setTimeout(ask, SOON_MS, text);
            }
        },
        problems(steps) {
            const keyOf = new Map(steps.map((step) => [step.step_id, step.key]));
            return findings.map(({step_id: id, field, text, brief}) => ({
                key: keyOf.get(id),
                field: id ? (FIELDS[text.split(/[.:]/)[0]] ?? "payload") : field,
                text,
                brief,
                isHint: true,
            }));
        },
    };
};
