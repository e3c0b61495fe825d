/* The page of a task, or of one attempt: its log, and what has changed around it. */

import {addressOf, placeIn} from "./address.js";
import {createTask} from "./task.js";
import {watch} from "./watch.js";

const host = document.querySelector(".task-page");
const {panel, attempt} = host.dataset;
const task = createTask(host, {
    moved: (place) => history.replaceState(null, "", addressOf({...place, attempt})),
    ended: () => watched.ask(),
});
const watched = watch({drawn: (article) => task.draw(article)});
task.draw(host.querySelector("article"), placeIn(location.hash));
watched.show(panel);
/* Somebody has pressed a button of this page. */
document.addEventListener("workflows:done", (event) => {
    event.preventDefault();
    watched.ask();
});
