/*
The requests of the builder. Each returns {status, body}; status 0: the server was not reached.

    const server = createServer({loggedOut})
    server.ask(url, {method?, body?, type?, quietly?}), server.post(url, data, {quietly?})

The token of the page goes stale with a new session: when it is refused, a fresh one is taken and the
request is sent again. Where nobody is logged in any more, `loggedOut(isBack)` asks people to log in;
it resolves to true once they have, and the request is sent again. `quietly` asks nobody.
*/

import {freshToken, isLoginPage, LoggedOut} from "../session.js";
import {parse} from "./json.js";

const UNREACHED = {status: 0, body: {detail: "The site cannot be reached."}};

export const createServer = ({loggedOut}) => {
    const {csrfHeader} = document.getElementById("builder").dataset;
    let token = document.querySelector("[name=csrfmiddlewaretoken]").value;

    const send = async (url, {method = "GET", body, type}) => {
        try {
            const headers = {[csrfHeader]: token, Accept: "application/json"};
            const response = await fetch(url, {
                method,
                body,
                credentials: "same-origin",
                redirect: "manual",
                headers: type ? {...headers, "Content-Type": type} : headers,
            });
            const text = await response.text();
            const status = isLoginPage(response) ? 403 : response.status;
            const isData = text.startsWith("{");
            return {status, text, body: isData ? parse(text) : {detail: plainText(text)}};
        } catch {
            return UNREACHED;
        }
    };

    /* Returns 200 and takes a fresh token, 403 if nobody is logged in, or 0. */
    const renew = async () => {
        try {
            token = await freshToken();
            return 200;
        } catch (error) {
            return error instanceof LoggedOut ? 403 : 0;
        }
    };
    const isBack = async () => (await renew()) === 200;

    const again = async (url, request, refused) => {
        const status = await renew();
        const isLoggedOut = status === 403 && !request.quietly;
        if (status === 200 || (isLoggedOut && (await loggedOut(isBack)))) {
            return send(url, request);
        }
        return refused;
    };

    const server = {
        async ask(url, request = {}) {
            const answer = await send(url, request);
            return [401, 403].includes(answer.status) ? again(url, request, answer) : answer;
        },
        post: (url, data, more = {}) =>
            server.ask(url, {
                method: "POST",
                body: JSON.stringify(data),
                type: "application/json",
                ...more,
            }),
    };
    return server;
};

const plainText = (text) => (text.includes("<") ? "The site answered with a page." : text);
