/*
Notifications of the browser on runs that somebody watches, as long as a page of ours is open.

The bell of a run's page switches it on and off: `<button data-watch="12" aria-pressed="false">`. What is watched
stands in this browser alone, with the state that was told last, so that one of several pages tells it.
*/

const KEY = "workflows-watched";
const MOST = 20;

const read = () => {
    try {
        return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
        return {};
    }
};
const write = (watched) => localStorage.setItem(KEY, JSON.stringify(watched));

export const isWatching = () => Object.keys(read()).length > 0;

export const watchedQuery = () => {
    const ids = Object.keys(read());
    return ids.length ? `?watched=${ids.slice(-MOST).join()}` : "";
};

/* Each run is {id, state, title, sentence, url, is_over}. A run that is over is told, and watched no more. */
export const tellWatched = (runs) => {
    const watched = read();
    for (const run of runs) {
        const before = watched[run.id];
        if (before === undefined) {
            continue;
        }
        if (before === "" ? run.is_over : before !== run.state) {
            notify(run);
        }
        watched[run.id] = run.state;
        if (run.is_over) {
            delete watched[run.id];
        }
    }
    write(watched);
    showBells();
};

const notify = ({id, title, sentence, url, state}) => {
    if (Notification.permission !== "granted") {
        return;
    }
    const shown = new Notification(title, {body: sentence, tag: `workflow-run-${id}-${state}`});
    shown.addEventListener("click", () => {
        window.focus();
        location.assign(url);
    });
};

const showBells = () => {
    const watched = read();
    for (const bell of document.querySelectorAll("[data-watch]")) {
        bell.hidden = !("Notification" in window);
        bell.setAttribute("aria-pressed", String(bell.dataset.watch in watched));
    }
};

const toggle = async (bell) => {
    const watched = read();
    const id = bell.dataset.watch;
    if (id in watched) {
        delete watched[id];
    } else if ((await Notification.requestPermission()) === "granted") {
        watched[id] = "";
    }
    write(watched);
    showBells();
};

document.addEventListener("click", (event) => {
    const bell = event.target.closest("[data-watch]");
    if (bell) {
        toggle(bell);
    }
});
showBells();
