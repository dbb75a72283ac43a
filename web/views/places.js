// Where a cluster is set up on a node: the table that both of their views have.

import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, duration } from "../parts/format.js";
import { Table, custom, state, text } from "../parts/table.js";
import { to } from "../shell/router.js";

const TONES = { ready: "ok", failed: "bad" };

const retry = (place) => (typeof place.retry_in === "number" ? duration(place.retry_in) : "");

/** The table; `link` is its first column, `key(place)` tells its rows apart. */
export function placesTable(caption, link, key) {
  return new Table(caption, [
    link,
    state("State", (place) => clean(place.state), TONES),
    text("Again in", retry, { kind: "number" }),
    text("Reason", (place) => clean(place.reason), { kind: "note" }),
  ], key, { id: "places" });
}

/** A column whose cells link to another view. */
export function placeLink(label, kind, id, words) {
  return custom(label, (cell) => {
    const link = el("a", { class: "name" });
    cell.append(link);
    return (row) => {
      setText(link, words(row));
      setAttribute(link, "href", to(kind, id(row)));
    };
  }, { kind: "identity" });
}
