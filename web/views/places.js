// Where a cluster is set up on a node: the table that both of their views have.

import { button, el, setAttribute, setText } from "../parts/dom.js";
import { bytes, clean, count, duration } from "../parts/format.js";
import { Table, custom, state, text } from "../parts/table.js";
import { act, confirm, needs } from "../live/act.js";
import { to } from "../shell/router.js";
import { placeAt } from "./orders.js";

const TONES = { ready: "ok", failed: "bad" };

const retry = (place) => (typeof place.retry_in === "number" ? duration(place.retry_in) : "");

/**
 * The table; `link` is its first column, `key(place)` tells its rows apart, `of(place)` says which
 * {cluster, node, name} it is of.
 */
export function placesTable(caption, link, key, of) {
  return new Table(caption, [
    link,
    state("State", (place) => clean(place.state), TONES),
    text("Jobs done", (place) => count(place.jobs_done), { kind: "number", hint: "Those whose answers the client has" }),
    text("Job time", (place) => duration(place.cpu_time), { kind: "number" }),
    text("Sent", (place) => bytes(place.sent), { kind: "number" }),
    text("Received", (place) => bytes(place.received), { kind: "number" }),
    text("Again in", retry, { kind: "number" }),
    text("Reason", (place) => clean(place.reason), { kind: "note" }),
    custom("", (cell) => orders(cell, of), { kind: "does" }),
  ], key, { id: "places" });
}

function orders(cell, of) {
  let place = null;
  const order = (what, body) => act("POST", placeAt(place.cluster, place.node, what), body);
  cell.append(button("Deallocate", () => order("deallocate"), needs("operator", { title: "It gets no more jobs there" })), " ",
    button("Close…", () => confirm(`Take ${place.name} from node ${place.node}`,
      "Jobs that run there end first.", "Take it away", (given) => order("close", given)), needs("admin", { class: "plain danger" })));
  return (row) => { place = of(row); };
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
