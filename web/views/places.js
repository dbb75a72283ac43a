// Where a cluster is set up on a node: columns that both of their views have.

import { el, setAttribute, setText } from "../parts/dom.js";
import { duration } from "../parts/format.js";
import { custom } from "../parts/table.js";
import { to } from "../shell/router.js";

export const PLACE_TONES = { ready: "ok", failed: "bad" };

export const retry = (place) => (typeof place.retry_in === "number" ? duration(place.retry_in) : "");

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
