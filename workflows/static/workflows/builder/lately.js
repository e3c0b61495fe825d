/*
What happened to a step in the latest runs of the template, for those who may see runs.

    const lately = createLately(server, url)
    lately.known(stepId)        what the server has told, or null
    lately.ask(stepId)          a promise of it, {runs, usual, left}; null if nobody may see it

Each step is asked for once.
*/

export const createLately = (server, url) => {
    const asked = new Map();
    const told = new Map();

    const fetchStep = async (id) => {
        const address = `${url}?step_id=${encodeURIComponent(id)}`;
        const {status, text} = await server.ask(address, {quietly: true});
        const found = status === 200 ? JSON.parse(text) : null;
        told.set(id, found);
        return found;
    };
    return {
        known: (id) => told.get(id) ?? null,
        isAsked: (id) => asked.has(id),
        ask(id) {
            if (!url || !id) {
                return Promise.resolve(null);
            }
            if (!asked.has(id)) {
                asked.set(id, fetchStep(id));
            }
            return asked.get(id);
        },
    };
};
