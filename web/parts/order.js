// The order of a table, in the address: sort=name, or sort=-name for the largest first.

/** What the address says, and `first` if it says nothing known. */
export function orderOf(query, orders, first) {
  const asked = query.get("sort") ?? "";
  const down = asked.startsWith("-");
  const name = down ? asked.slice(1) : asked;
  return Object.hasOwn(orders, name) ? { name, down } : first;
}

/** The address's word after a click on a heading: numbers begin with the largest. */
export function turned(now, name, largestFirst) {
  const down = now.name === name ? !now.down : largestFirst;
  return `${down ? "-" : ""}${name}`;
}

/** A sorted copy of `rows`; `by(row)` returns a text or a number. */
export function inOrder(rows, by, down) {
  const keyed = rows.map((row) => [by(row), row]);
  const sign = down ? -1 : 1;
  keyed.sort(([a], [b]) => (a < b ? -sign : Number(a > b) * sign));
  return keyed.map(([, row]) => row);
}
