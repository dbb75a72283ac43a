// The columns of nodes, and what their states mean.

import { bar } from "../parts/bar.js";
import { el, setAttribute, setText } from "../parts/dom.js";
import { ago, bytes, clean, count, counted, duration, percent, seconds } from "../parts/format.js";
import { custom, tell, text } from "../parts/table.js";
import { to } from "../shell/router.js";

export const NODE_TONES = {
  ready: "ok", lost: "bad", quarantine: "warn", held: "warn", drained: "warn", draining: "warn", closed: "warn",
  "out of service": "plain",
};

/** In a word; one that has to finish jobs first is not drained yet. */
export const stateOf = (node) => (node.state === "drained" && node.busy ? "draining" : clean(node.state));

export const nodeKey = (node) => node.address;

/** What a node is called: its name, or its address when it has none. */
export function nodeName(node) {
  return clean(node.name) || clean(node.address) || "unnamed";
}

/** The name, and the address where the name does not tell it: several nodes may have one name. */
export function nameAndAddress(node) {
  const [name, address] = [nodeName(node), clean(node.address)];
  return name === address ? name : `${name} (${address})`;
}

export const load = (node) => (node.cpus ? node.busy / node.cpus : 0);

/** A link to a node, by its name. */
export function identity(cell) {
  const name = el("bdi");
  const link = el("a", { class: "name" }, name);
  const address = el("span", { class: "address" });
  cell.append(link, address);
  return (node) => {
    setText(name, nodeName(node));
    setAttribute(link, "href", to("nodes", node.address));
    setText(address, node.port ? `${clean(node.address)}:${node.port}` : clean(node.address));
  };
}

function cpus(cell) {
  const { element, size } = bar("busy");
  const words = el("span", { class: "figures" });
  cell.append(words, element);
  return (node) => {
    setText(words, `${count(node.busy)} / ${count(node.cpus)}`);
    size([load(node)]);
  };
}

export function note(node) {
  const pinned = node.waiting ? `${counted(node.waiting, "pinned job")} waiting` : "";
  return [clean(node.note), pinned].filter(Boolean).join("; ");
}

/** The state, and beside it why. */
function standing(cell) {
  const pill = el("span", { class: "pill" });
  const why = el("span", { class: "because" });
  cell.append(pill, why);
  return (node) => {
    tell(pill, stateOf(node), NODE_TONES);
    setText(why, note(node));
  };
}

export const perJob = (node) => (node.jobs_done ? node.cpu_time / node.jobs_done : null);

/** `now()` is the scheduler's clock, in seconds since 1970. */
export const nodeColumns = (now) => [
  custom("Node", identity, { kind: "identity", sort: "name" }),
  custom("State", standing, { kind: "state", sort: "state" }),
  custom("CPUs busy", cpus,
    { kind: "gauge", hint: "CPUs running a job, of those offered", sort: "load" }),
  text("Jobs done", (node) => count(node.jobs_done), { kind: "number", sort: "jobs_done" }),
  text("Time/job", (node) => seconds(perJob(node)),
    { kind: "number", hint: "Mean time of its jobs", sort: "per_job" }),
  text("Job time", (node) => duration(node.cpu_time),
    { kind: "number", hint: "Time that jobs have run on this node, added up", sort: "cpu_time" }),
  text("Sent", (node) => bytes(node.sent), { kind: "number", hint: "Bytes of files and jobs that went to it", sort: "sent" }),
  text("Received", (node) => bytes(node.received), { kind: "number", hint: "Bytes of results and files that came from it", sort: "received" }),
  text("Clusters", (node) => count(node.clusters),
    { kind: "number", hint: "Computations set up on this node" }),
  text("CPU free", (node) => percent(node.avail?.cpu), { kind: "number" }),
  text("Memory free", (node) => bytes(node.avail?.memory), { kind: "number" }),
  text("Swap free", (node) => percent(node.avail?.swap), { kind: "number" }),
  text("Disk free", (node) => bytes(node.avail?.disk), { kind: "number" }),
  text("Last heard", (node) => lastHeard(heard(node, now())), { kind: "number", sort: "heard" }),
];

/** How long ago a node was heard; one that is known from an earlier run may never have been. */
export const lastHeard = (since) => (since === null ? "not since the start" : ago(since));

/** Seconds since a node's last sign of life, or null. */
export function heard(node, now) {
  return typeof node.heard_at === "number" ? Math.max(0, now - node.heard_at) : null;
}

// An address sorts as numbers where it is four of them.
const place = ({ address }) => String(address).replace(/\d+/g, (digits) => digits.padStart(3, "0"));

/** What rows are compared by, by the name of the order. */
export const NODE_ORDERS = {
  address: place,
  name: (node) => nodeName(node).toLowerCase(),
  state: (node) => clean(node.state),
  load,
  jobs_done: (node) => node.jobs_done ?? 0,
  per_job: (node) => perJob(node) ?? 0,
  cpu_time: (node) => node.cpu_time ?? 0,
  sent: (node) => node.sent ?? 0,
  received: (node) => node.received ?? 0,
  heard: (node) => node.heard_at ?? 0,
};
