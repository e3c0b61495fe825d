/* The server sends the names of columns once, then rows of values; these become objects. */

export const records = ({columns, rows}) =>
    rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
