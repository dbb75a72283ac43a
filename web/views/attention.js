// What somebody should look at, in sentences: mostly why nothing happens.

import { clean, counted } from "../parts/format.js";
import { nodeName } from "./node_columns.js";

const NAMED = 3;
const HELD = { quarantine: "in quarantine" };

function names(nodes) {
  const shown = nodes.slice(0, NAMED).map(nodeName).join(", ");
  return nodes.length > NAMED ? `${shown} and ${nodes.length - NAMED} more` : shown;
}

/** Returns the warnings of a state, each {tone, text}; none when all is well. */
export function warnings({ totals, head, ...state }) {
  const { refused = [], problem = "" } = head;
  const nodes = [...state.nodes.values()];
  const found = problem ? [{ tone: "bad", text: `${clean(problem)}.` }] : [];
  const ready = nodes.filter((node) => node.state === "ready");
  const lost = nodes.filter((node) => node.state === "lost");
  const waiting = totals.waiting ?? 0;
  if (waiting > 0 && ready.length === 0) {
    const why = nodes.length === 0 ? "no node has joined yet" : "no node is ready to run them";
    const verb = waiting === 1 ? "is" : "are";
    found.push({ tone: "bad", text: `${counted(waiting, "job")} ${verb} waiting, and ${why}.` });
  }
  if (lost.length > 0) {
    const verb = lost.length === 1 ? "is" : "are";
    const who = `${counted(lost.length, "node")} ${verb} lost`;
    found.push({ tone: "warn", text: `${who}: ${names(lost)}.` });
  }
  found.push(...held(nodes), ...stuck([...state.clusters.values()]));
  for (const { role, address, reason } of refused.slice(-NAMED)) {
    const who = `The ${clean(role)} at ${clean(address)}`;
    found.push({ tone: "warn", text: `${who} is refused: ${clean(reason)}.` });
  }
  return found;
}

/** Nodes that are there and not used, by why. */
function held(nodes) {
  return ["quarantine", "held", "drained", "closed"].flatMap((word) => {
    const some = nodes.filter((node) => node.state === word);
    const verb = some.length === 1 ? "is" : "are";
    const words = `${counted(some.length, "node")} ${verb} ${HELD[word] ?? word}: ${names(some)}.`;
    return some.length ? [{ tone: "warn", text: words }] : [];
  });
}

/** Clusters that something holds up. */
function stuck(clusters) {
  const some = clusters.filter((cluster) => cluster.note);
  const shown = some.slice(0, NAMED).map((cluster) => ({ tone: "warn", text: `${clean(cluster.label)}: ${clean(cluster.note)}.` }));
  if (some.length > NAMED) {
    const rest = counted(some.length - NAMED, "more cluster");
    shown.push({ tone: "warn", text: `${rest} with something to be told, too.` });
  }
  return shown;
}
