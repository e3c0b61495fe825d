/*
Does long work a few milliseconds at a time, so that the page goes on answering.

    const stop = inSlices(work(), done)     `work` is a generator that yields now and then
    stop()                                  the work is not wanted any more

`done(result)` takes what the generator returns.
*/

const SLICE_MS = 12;

export const inSlices = (work, done) => {
    let timer = null;
    const run = () => {
        const until = performance.now() + SLICE_MS;
        let step = work.next();
        while (!step.done && performance.now() < until) {
            step = work.next();
        }
        if (step.done) {
            done(step.value);
        } else {
            timer = setTimeout(run, 0);
        }
    };
    timer = setTimeout(run, 0);
    return () => clearTimeout(timer);
};
