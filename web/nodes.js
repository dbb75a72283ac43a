// The table of nodes.

import { bar, el, setText } from "./dom.js";
import { ago, bytes, clean, count, counted, duration, percent } from "./format.js";
import { custom, state, text } from "./table.js";

export const NODE_TONES = {
  ready: "ok", silent: "bad", dead: "bad", lost: "bad",
  quarantine: "warn", drained: "warn", draining: "warn",
};

export function nodeKey(node) {
  return `${node.address}:${node.port}`;
}

/** What a node is called: its name, or its address when it has none. */
export function nodeName(node) {
  return clean(node.name) || clean(node.address) || "unnamed";
}

function identity(cell) {
  const name = el("bdi", { class: "name" });
  const address = el("span", { class: "address" });
  cell.append(name, address);
  return (node) => {
    setText(name, nodeName(node));
    setText(address, node.port ? `${clean(node.address)}:${node.port}` : clean(node.address));
  };
}

function cpus(cell) {
  const { element, size } = bar("busy");
  const words = el("span", { class: "figures" });
  cell.append(words, element);
  return (node) => {
    setText(words, `${count(node.busy)} / ${count(node.cpus)}`);
    size([node.cpus ? node.busy / node.cpus : 0]);
  };
}

function note(node) {
  const pinned = node.waiting ? `${counted(node.waiting, "pinned job")} waiting` : "";
  return [clean(node.note), pinned].filter(Boolean).join("; ");
}

export const NODE_COLUMNS = [
  custom("Node", identity, { kind: "identity" }),
  state("State", (node) => clean(node.state), NODE_TONES),
  custom("CPUs busy", cpus, { kind: "gauge", hint: "CPUs running a job, of those offered" }),
  text("Jobs done", (node) => count(node.jobs_done), { kind: "number" }),
  text("Node time", (node) => duration(node.cpu_time),
    { kind: "number", hint: "Time that jobs have run on this node, added up" }),
  text("Clusters", (node) => count(node.clusters),
    { kind: "number", hint: "Computations set up on this node" }),
  text("CPU free", (node) => percent(node.avail?.cpu), { kind: "number" }),
  text("Memory free", (node) => bytes(node.avail?.memory), { kind: "number" }),
  text("Disk free", (node) => bytes(node.avail?.disk), { kind: "number" }),
  text("Last heard", (node) => ago(node.heard), { kind: "number" }),
  text("Note", note, { kind: "note" }),
];
