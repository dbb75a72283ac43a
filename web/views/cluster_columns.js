// The columns of clusters: the computations of connected programs.

import { bar } from "../parts/bar.js";
import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, count } from "../parts/format.js";
import { custom, state, text } from "../parts/table.js";
import { to } from "../shell/router.js";

export const CLUSTER_TONES = {
  active: "ok", waiting: "warn", paused: "warn", new: "plain", starting: "plain", closing: "plain",
};

/** In a word; paused is loud. */
export const stateOf = (cluster) => (cluster.paused ? "paused" : clean(cluster.state));

export const clusterKey = (cluster) => String(cluster.id ?? cluster.label);

/** The name and the client's address apart; the label is "name @ address". */
export function named(cluster) {
  const label = clean(cluster.label ?? cluster.name);
  const at = label.lastIndexOf(" @ ");
  return at < 0 ? [label, clean(cluster.client)] : [label.slice(0, at), label.slice(at + 1)];
}

function identity(cell) {
  const name = el("bdi");
  const link = el("a", { class: "name" }, name);
  const client = el("span", { class: "address" });
  cell.append(link, client);
  return (cluster) => {
    const [words, address] = named(cluster);
    setText(name, words);
    setText(client, address);
    setAttribute(link, "href", to("clusters", cluster.id));
  };
}

export function progress(cell) {
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

/** Of all CPUs that are busy, the part that runs its jobs. */
function share(total) {
  return (cell) => {
    const { element, size } = bar("busy");
    const words = el("span", { class: "figures" });
    cell.append(words, element);
    return ({ running = 0 }) => {
      const part = total() ? running / total() : 0;
      setText(words, `${Math.round(100 * part)} %`);
      size([part]);
    };
  };
}

export function note(cluster) {
  return [cluster.exclusive ? "exclusive" : "", clean(cluster.note)].filter(Boolean).join("; ");
}

/** `total()` is the number of all jobs that run. */
export const clusterColumns = (total) => [
  custom("Cluster", identity, { kind: "identity", sort: "name" }),
  state("State", stateOf, CLUSTER_TONES, { sort: "state" }),
  custom("Progress", progress, { kind: "gauge wide" }),
  custom("Share", share(total), { kind: "gauge", hint: "Of all jobs that run now", sort: "running" }),
  text("Waiting", (cluster) => count(cluster.waiting), { kind: "number", sort: "waiting" }),
  text("Running", (cluster) => count(cluster.running), { kind: "number", sort: "running" }),
  text("Done", (cluster) => count(cluster.done), { kind: "number", sort: "done" }),
  text("Nodes", (cluster) => count(cluster.nodes),
    { kind: "number", hint: "Nodes set up to run this cluster's jobs", sort: "nodes" }),
  text("Note", note, { kind: "note" }),
];

export const CLUSTER_ORDERS = {
  name: (cluster) => clean(cluster.label).toLowerCase(),
  state: (cluster) => clean(cluster.state),
  waiting: (cluster) => cluster.waiting ?? 0,
  running: (cluster) => cluster.running ?? 0,
  done: (cluster) => cluster.done ?? 0,
  nodes: (cluster) => cluster.nodes ?? 0,
};
