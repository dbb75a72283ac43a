// What somebody should look at, in sentences: mostly why nothing happens.

import { clean, count, counted } from "../parts/format.js";
import { to } from "../shell/router.js";
import { nameAndAddress } from "./node_columns.js";

const NAMED = 3;
const HELD = { quarantine: "in quarantine" };

const verb = (some) => (some.length === 1 ? "is" : "are");
const listed = (words, all) => (all > NAMED ? `${words} and ${count(all - NAMED)} more` : words);

function names(nodes) {
  return listed(nodes.slice(0, NAMED).map(nameAndAddress).join(", "), nodes.length);
}

/** Where some nodes are seen: the only one itself, or the list of those in that state. */
const place = (some) => (some.length === 1 ? to("nodes", some[0].address) : to("nodes", "", { state: some[0].state }));

/** Returns the warnings of a state, each {tone, text, href}; none when all is well. */
export function warnings(state) {
  return [...alarms(state), ...lost(state), ...held(state), ...stuck(state), ...refused(state)];
}

/** Those that stop everything. */
export function alarms({ totals, head: { problem = "" }, ...state }) {
  const nodes = [...state.nodes.values()];
  const clusters = [...state.clusters.values()];
  const waiting = totals.waiting ?? 0;
  const found = problem ? [{ tone: "bad", text: `${clean(problem, 500)}.`, href: to("events", "", { level: "error" }) }] : [];
  if (waiting > 0 && !nodes.some((node) => node.state === "ready")) {
    const why = nodes.length === 0 ? "no node has joined yet" : "no node is ready to run them";
    const are = waiting === 1 ? "is" : "are";
    found.push({ tone: "bad", text: `${counted(waiting, "job")} ${are} waiting, and ${why}.`, href: to("nodes") });
  }
  if (clusters.length > 0 && clusters.every((cluster) => cluster.paused)) {
    const all = clusters.length === 1 ? "The only cluster is" : `All ${count(clusters.length)} clusters are`;
    found.push({ tone: "bad", text: `${all} paused: no job is given to a node.`, href: to("clusters") });
  }
  return found;
}

function lost({ nodes }) {
  const some = [...nodes.values()].filter((node) => node.state === "lost");
  if (some.length === 0) return [];
  return [{ tone: "warn", text: `${counted(some.length, "node")} ${verb(some)} lost: ${names(some)}.`, href: place(some) }];
}

/** Nodes that are there and not used, by why. */
function held({ nodes }) {
  return ["quarantine", "held", "drained", "closed"].flatMap((word) => {
    const some = [...nodes.values()].filter((node) => node.state === word);
    if (some.length === 0) return [];
    const jobs = word === "drained" ? some.reduce((sum, node) => sum + node.busy, 0) : 0;
    const left = jobs ? `; ${counted(jobs, "job")} still ${jobs === 1 ? "runs" : "run"} there` : "";
    const words = `${counted(some.length, "node")} ${verb(some)} ${HELD[word] ?? word}: ${names(some)}${left}.`;
    return [{ tone: "warn", text: words, href: place(some) }];
  });
}

/** Clusters that something holds up. */
function stuck({ clusters }) {
  const some = [...clusters.values()].filter((cluster) => cluster.note);
  const shown = some.slice(0, NAMED).map((cluster) => ({
    tone: "warn", text: `${clean(cluster.label)}: ${clean(cluster.note)}.`, href: to("clusters", cluster.id),
  }));
  if (some.length > NAMED) {
    const rest = counted(some.length - NAMED, "more cluster");
    shown.push({ tone: "warn", text: `${rest} with something to be told, too.`, href: to("clusters") });
  }
  return shown;
}

function refused({ head: { refused: peers = [] } }) {
  return peers.slice(-NAMED).map(({ role, address, reason }) => ({
    tone: "warn", text: `The ${clean(role)} at ${clean(address)} is refused: ${clean(reason)}.`, href: to("events", "", { kind: "peer" }),
  }));
}
