// What can be ordered of clusters, nodes and jobs: the buttons of their views.

import { act, confirm, field } from "../live/act.js";
import { button, el, setText } from "../parts/dom.js";
import { clean, counted } from "../parts/format.js";
import { send } from "../live/ask.js";
import { toast } from "../parts/toast.js";

const at = (kind, id, what) => `${kind}/${encodeURIComponent(id)}${what ? `/${what}` : ""}`;

/** Of a cluster; update(cluster) after each look at it. */
export function clusterOrders() {
  let cluster = null;
  const order = (what, body) => act("POST", at("clusters", cluster.id, what), body);
  const name = () => clean(cluster.label);
  const pause = button("Pause", () => order(cluster.paused ? "resume" : "pause"));
  const close = button("Close…", () => confirm(`Close ${name()}`,
    "It takes no more jobs, and goes when its client has all answers.", "Close it",
    (given) => order("close", given)));
  const terminate = button("Terminate…", () => confirm(`Terminate ${name()}`,
    `All its jobs end now: ${counted(cluster.waiting + cluster.running, "job")} without a result.`,
    "Terminate it", (given) => order("terminate", given)), { class: "plain danger" });
  return {
    element: el("p", { class: "orders" }, pause, close, terminate),
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
  const drain = button("Drain", () => order(node.drained ? "resume" : "drain"));
  const cpus = button("Set CPUs…", () => confirm(`CPUs of ${clean(node.name) || node.address}`,
    "How many of its CPUs may be used; negative: all but so many; empty: all.", "Set",
    ({ cpus: text, ...given }) => act("PATCH", at("nodes", node.address),
      { ...given, cpus: text === "" ? null : Number(text) }),
    [field("CPUs", { name: "cpus", type: "number", step: "1", value: String(node.cpus) })]));
  const close = button("Close…", () => confirm(`Close ${clean(node.name) || node.address}`,
    `All clusters leave it at once, with the ${counted(node.busy, "job")} that run there.`,
    "Close it", (given) => order("close", given)), { class: "plain danger" });
  return {
    element: el("p", { class: "orders" }, drain, cpus, close),
    update(row) {
      node = row;
      setText(drain, row.drained ? "Resume" : "Drain");
    },
  };
}

export function addNode() {
  return button("Add node…", () => confirm("Add a node",
    "It is looked for now, and whenever it is not known.", "Add",
    ({ port, ...given }) => act("POST", "nodes", port ? { ...given, port: Number(port) } : given),
    [field("Name or address", { name: "host", required: true }),
      field("Port, if not the usual one", { name: "port", type: "number", min: "1", max: "65535" })]));
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
  confirm("Cancel jobs", `${words}. What is cancelled cannot be brought back.`, "Cancel them",
    (given) => act("POST", "jobs/cancel", { ...which, ...given }));
}
