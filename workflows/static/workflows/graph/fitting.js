/* `fitted(text, width, widthOf)` → as much of a text as fits; `widthOf(text)` measures. */

export const fitted = (text, width, widthOf) => {
    if (widthOf(text) <= width) {
        return text;
    }
    let [least, most] = [0, text.length];
    while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (widthOf(`${text.slice(0, middle)}…`) <= width) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    return `${text.slice(0, least)}…`;
};
