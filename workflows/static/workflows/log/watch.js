/*
Asks for the panel of a task, for a page that is about it, and again while it may change by itself.

    const watched = watch({drawn})
    watched.show(url)       from now on this one
    watched.ask()           at once: somebody has done something

`drawn(article)` takes the panel if something has happened in its run since the last one; its data-state says whether
it is asked for again by itself, or only when somebody looks at the page again.
*/

import {keepAsking} from "../poll.js";

const PAUSE_MS = 4000;
const ENDED = ["success", "failed", "canceled"];

export const watch = ({drawn}) => {
    let url = null;
    let etag = null;
    let state = null;

    const answered = async (response) => {
        if (!isOf(response, url)) {
            return 0; /* another one is wanted by now */
        }
        if (response.status === 200) {
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            const article = document.adoptNode(page.querySelector("article.panel"));
            [etag, state] = [response.headers.get("ETag"), article.dataset.state];
            drawn(article);
        }
        return ENDED.includes(state) ? null : PAUSE_MS;
    };

    const poll = keepAsking({
        url: () => url,
        every: PAUSE_MS,
        headers: () => (etag ? {"If-None-Match": etag} : {}),
        isAsleep: true,
        answered,
    });

    return {
        ask: poll.ask,
        show(address) {
            [url, etag, state] = [address, null, null];
            return poll.ask();
        },
    };
};

const isOf = (response, url) => response.url === new URL(url, location.href).href;
