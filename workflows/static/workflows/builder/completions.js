/* What the fields of the drawer offer: expressions, functions, tasks. */

import {entriesOf, filters, matching, placeIn, stepIn} from "./complete.js";
import {upstreamOf} from "./model.js";

const MOST_ASKED = 3; /* steps whose last results are fetched before anybody names one */

export const offersFor = (editor, {data, lately, schema}) => {
    const named = (names, type) => (field, caret, isAsked) => {
        const typed = field.value.slice(0, caret);
        const entries = Object.entries(names).map(([text, value]) => ({text, type, value}));
        return typed || isAsked ? {start: 0, typed, entries: matching(entries, typed)} : null;
    };

    const expressions = (field, caret, isAsked) => {
        const place = placeIn(field.value, caret);
        if (!place && !isAsked) {
            return null;
        }
        if (place?.isFilter) {
            return {...place, entries: matching(filters(), place.typed), closes: true};
        }
        const step = editor.chosen;
        const upstream = step ? upstreamOf(editor.steps, step.key).map((each) => each.step_id) : [];
        const typed = place?.typed ?? "";
        const wanted = stepIn(typed, upstream);
        const asked = wanted ? [wanted] : upstream.slice(0, MOST_ASKED);
        const unknown = asked.filter((id) => !lately.isAsked(id));
        const more = unknown.length ? Promise.all(unknown.map(lately.ask)) : null;
        const leftBy = (id) => lately.known(id)?.left ?? null;
        const found = matching(entriesOf({schema: schema(), upstream, leftBy}), typed);
        const run = asked.map(leftBy).find(Boolean)?.run;
        return {
            start: place?.start ?? caret,
            typed,
            more,
            closes: Boolean(place),
            entries: place ? found : found.map((each) => ({...each, text: `{{ ${each.text} }}`})),
            note: run ? `values of run ${run}` : "",
        };
    };

    const kinds = {
        expression: expressions,
        python: named(data.functions, "function"),
        task: named(data.tasks, "task"),
    };
    return (field, caret, isAsked) => kinds[field.dataset.completes](field, caret, isAsked);
};
