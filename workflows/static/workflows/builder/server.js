/* The requests of the builder. Each returns {status, body}; status 0: the server was not reached. */

import {parse} from "./json.js";

const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

const ask = async (url, options) => {
    try {
        const response = await fetch(url, {
            credentials: "same-origin",
            ...options,
            headers: {"X-CSRFToken": token(), Accept: "application/json", ...options.headers},
        });
        const text = await response.text();
        return {
            status: response.status,
            body: text.startsWith("{") ? parse(text) : {detail: text.slice(0, 200)},
        };
    } catch {
        return {status: 0, body: {detail: "The server could not be reached."}};
    }
};

export const store = (url, template, version) =>
    ask(url, {
        method: version === null ? "POST" : "PUT",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify(version === null ? template : {...template, version}),
    });

export const current = (url) => ask(url, {});

export const readFile = (url, file, commands) => {
    const body = new FormData();
    body.append("file", file);
    if (commands) {
        body.append("commands", "on");
    }
    return ask(url, {method: "POST", body});
};
