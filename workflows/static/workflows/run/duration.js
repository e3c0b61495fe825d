/* `duration(seconds)` → "80 ms", "2.5 s", "45 s", "3 min 20 s", "2 h 5 min" */

export const duration = (seconds) => {
    if (seconds < 0.95) {
        return `${Math.max(0, Math.round(seconds * 1000))} ms`;
    }
    if (seconds < 9.95) {
        return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds);
    if (whole < 60) {
        return `${whole} s`;
    }
    if (whole < 600) {
        return parts(whole, "min", "s");
    }
    return parts(Math.round(seconds / 60), "h", "min");
};

/* An amount of small units in large and small ones; what is zero is left out. */
const parts = (amount, large, small) =>
    [
        [Math.floor(amount / 60), large],
        [amount % 60, small],
    ]
        .filter(([number]) => number)
        .map(([number, unit]) => `${number} ${unit}`)
        .join(" ");
