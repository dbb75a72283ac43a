// The table of clusters: the computations of connected programs.

import { bar, el, setAttribute, setText } from "./dom.js";
import { clean, count } from "./format.js";
import { custom, state, text } from "./table.js";

const TONES = { active: "ok", waiting: "warn", new: "plain", closing: "plain" };

export function clusterKey(cluster) {
  return String(cluster.id ?? cluster.label);
}

/** The label is "name @ address"; the address is shown apart, in a quieter way. */
function identity(cell, onOpen) {
  const name = el("bdi");
  const button = el("button", { type: "button", class: "name link", title: "Its jobs" }, name);
  const client = el("span", { class: "address" });
  let shown = null;
  button.addEventListener("click", () => onOpen(shown));
  cell.append(button, client);
  return (cluster) => {
    shown = cluster;
    const label = clean(cluster.label ?? cluster.name);
    const at = label.lastIndexOf(" @ ");
    setText(name, at < 0 ? label : label.slice(0, at));
    setText(client, at < 0 ? clean(cluster.client) : label.slice(at + 1));
  };
}

function progress(cell) {
  const { element, size } = bar("done", "busy");
  const words = el("span", { class: "figures" });
  cell.append(words, element);
  return (cluster) => {
    const { waiting = 0, running = 0, done = 0 } = cluster;
    const all = waiting + running + done;
    setText(words, all ? `${Math.floor((100 * done) / all)} %` : "no jobs");
    size(all ? [done / all, running / all] : [0, 0]);
    setAttribute(cell, "title", `${count(done)} of ${count(all)} jobs done`);
  };
}

function note(cluster) {
  return [cluster.exclusive ? "exclusive" : "", clean(cluster.note)].filter(Boolean).join("; ");
}

/** `onOpen(cluster)` is called when somebody wants its jobs. */
export const clusterColumns = (onOpen) => [
  custom("Cluster", (cell) => identity(cell, onOpen), { kind: "identity" }),
  state("State", (cluster) => clean(cluster.state), TONES),
  custom("Progress", progress, { kind: "gauge wide" }),
  text("Waiting", (cluster) => count(cluster.waiting), { kind: "number" }),
  text("Running", (cluster) => count(cluster.running), { kind: "number" }),
  text("Done", (cluster) => count(cluster.done), { kind: "number" }),
  text("Nodes", (cluster) => count(cluster.nodes),
    { kind: "number", hint: "Nodes set up to run this cluster's jobs" }),
  text("Note", note, { kind: "note" }),
];
