// What can be ordered of one cluster, one node, or jobs: the buttons of their views.

import { act, confirm, field, needs } from "../live/act.js";
import { send } from "../live/ask.js";
import { button, el, setText } from "../parts/dom.js";
import { clean, counted } from "../parts/format.js";
import { toast } from "../parts/toast.js";

const danger = (role) => needs(role, { class: "plain danger" });

/** A path of the API: of one cluster or node, and what is ordered. */
export const at = (kind, id, what) => `${kind}/${encodeURIComponent(id)}${what ? `/${what}` : ""}`;

/** A cluster's place on a node. */
export const placeAt = (cluster, node, what) => at("clusters", cluster, `nodes/${encodeURIComponent(node)}/${what}`);

/** Of a cluster; update(cluster) after each look at it. */
export function clusterOrders() {
  let cluster = null;
  const order = (what, body) => act("POST", at("clusters", cluster.id, what), body);
  const name = () => clean(cluster.label);
  const pause = button("Pause", () => order(cluster.paused ? "resume" : "pause"), needs("operator"));
  const more = button("Allocate nodes…", () => confirm(`More nodes for ${name()}`,
    "It may use these from now on; one that it has given back is taken again.", "Allocate",
    (given) => order("nodes", numbers(given, "port", "cpus")),
    { fields: [hostField("Address or pattern, such as 10.0.0.*"), portField(), field("CPUs of each, if not all", { name: "cpus", type: "number", step: "1" })], destroys: false }),
  needs("operator"));
  const close = button("Close…", () => confirm(`Close ${name()}`,
    "It takes no more jobs, and goes when its client has all answers.", "Close it",
    (given) => order("close", given)), needs("admin"));
  const terminate = button("Terminate…", () => confirm(`Terminate ${name()}`,
    `All its jobs end now: ${counted(cluster.waiting + cluster.running, "job")} without a result.`,
    "Terminate it", (given) => order("terminate", given)), danger("admin"));
  return {
    element: el("p", { class: "orders" }, pause, more, close, terminate),
    update(row) {
      cluster = row;
      setText(pause, row.paused ? "Resume" : "Pause");
    },
  };
}

/** Of a node; update(node) after each look at it. */
export function nodeOrders() {
  let node = null;
  const order = (what, body) => act("POST", at("nodes", node.address, what), body);
  const name = () => clean(node.name) || clean(node.address);
  const drain = button("Drain", () => order(node.drained ? "resume" : "drain"), needs("operator"));
  const cpus = button("Set CPUs…", () => askCpus(`CPUs of ${name()}`, String(node.cpus),
    (body) => act("PATCH", at("nodes", node.address), body)), needs("operator"));
  const close = button("Close…", () => confirm(`Close ${name()}`,
    `All clusters leave it at once, with the ${counted(node.busy, "job")} that run there.`,
    "Close it", (given) => order("close", given)), danger("admin"));
  return {
    element: el("p", { class: "orders" }, drain, cpus, close),
    update(row) {
      node = row;
      setText(drain, row.drained ? "Resume" : "Drain");
    },
  };
}

/** Asks how many CPUs may be used; order({cpus, reason}). */
export function askCpus(title, value, order) {
  confirm(title, "How many CPUs may be used; negative: all but so many; empty: all.", "Set",
    ({ cpus, ...given }) => order({ ...given, cpus: cpus === "" ? null : Number(cpus) }),
    { fields: [field("CPUs", { name: "cpus", type: "number", step: "1", value })], destroys: false });
}

/** Lets nodes be looked for, several at once: one in a line. */
export function addNodes() {
  const box = () => el("label", {}, "Names or addresses, one in a line; after a space its port, if not the usual one ",
    el("textarea", { name: "hosts", rows: "5", required: true, spellcheck: "false" }));
  return button("Add nodes…", () => confirm("Add nodes",
    "Each is looked for now, and whenever it is not known.", "Add",
    ({ hosts, ...given }) => addAll(hosts.split("\n").map((line) => line.trim().split(/[\s,]+/)), given),
    { fields: [box()], destroys: false }), needs("admin"));
}

function addAll(lines, given) {
  const nodes = lines.filter(([host]) => host)
    .map(([host, port]) => ({ host, ...(port ? { port: Number(port) } : {}) }));
  act("POST", "nodes/add", { ...given, nodes });
}

const hostField = (label) => field(label, { name: "host", required: true });
const portField = () => field("Port, if not the usual one", { name: "port", type: "number", min: "1", max: "65535" });

/** What a dialog gave, with these as numbers, and left out where they are empty. */
function numbers(given, ...names) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")
    .map(([name, value]) => [name, names.includes(name) ? Number(value) : value]));
}

/** Cancels jobs: {uids} or {filter}; how many these are is asked before. */
export async function cancelJobs(which) {
  let words = "";
  try {
    words = clean((await send("POST", "jobs/cancel", { ...which, dry_run: true })).outcome, 500);
  } catch (error) {
    toast(clean(error.message, 500), { tone: "bad" });
    return;
  }
  const verb = which.uids ? `Cancel ${counted(which.uids.length, "job")}` : "Cancel them";
  confirm("Cancel jobs", `${words}. What is cancelled cannot be brought back.`, verb,
    (given) => act("POST", "jobs/cancel", { ...which, ...given }));
}
