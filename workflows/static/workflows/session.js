/*
Who is logged in, asked of the site itself: a page may be older than its session, and its token older than both.

    const token = await freshToken()    a CSRF token of now, for each POST, put into the forms of the page, too
        throws LoggedOut if nobody is logged in any more
    isLoginPage(response)   true for the answer to somebody who is not; ask with {redirect: "manual"}
    loginLink()             a link that opens the site's own login in a tab, which closes itself
    loggedIn(listener)      calls it once somebody has logged in there
*/

import {element} from "./dom.js";

const address = document.querySelector("[data-session]")?.dataset.session;
const channel = new BroadcastChannel("workflows-session");

export class LoggedOut extends Error {}

/* What scripts ask for is nowhere else than where they ask, whatever a login looks like. */
export const isLoginPage = (response) =>
    response.type === "opaqueredirect" || response.status === 401;

export const freshToken = async () => {
    const response = await fetch(address, {
        redirect: "manual",
        cache: "no-store",
        headers: {Accept: "application/json"},
    });
    if (isLoginPage(response)) {
        throw new LoggedOut();
    }
    if (!response.ok) {
        throw new Error(response.status);
    }
    const {token} = await response.json();
    for (const field of document.getElementsByName("csrfmiddlewaretoken")) {
        field.value = token;
    }
    return token;
};

export const loginLink = () =>
    element(
        "a",
        {href: address, target: "_blank", rel: "opener", className: "button default"},
        "Log in…",
    );

export const loggedIn = (listener) => channel.addEventListener("message", listener);

/* The page that the login led to: the others go on, and this one is not needed any more. */
if (document.getElementById("logged-in")) {
    channel.postMessage("logged in");
    window.close();
}
