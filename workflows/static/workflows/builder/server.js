/* What the builder asks the server. Each answer is {status, body}; status 0: it could not be reached. */

import {parse} from "./json.js";

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

const ask = async (address, options) => {
    try {
        const answer = await fetch(address, {
            credentials: "same-origin",
            ...options,
            headers: {"X-CSRFToken": token(), Accept: "application/json", ...options.headers},
        });
        const said = await answer.text();
        return {
            status: answer.status,
            body: said.startsWith("{") ? parse(said) : {detail: said.slice(0, 200)},
        };
    } catch {
        return {status: 0, body: {detail: "The server could not be reached."}};
    }
};

export const store = (address, template, version) =>
    ask(address, {
        method: version === null ? "POST" : "PUT",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify(version === null ? template : {...template, version}),
    });

export const current = (address) => ask(address, {});

export const readFile = (address, file, commands) => {
    const body = new FormData();
    body.append("file", file);
    if (commands) {
        body.append("commands", "on");
    }
    return ask(address, {method: "POST", body});
};
