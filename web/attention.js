// What somebody should look at, in sentences: mostly why nothing happens.

import { clean, counted } from "./format.js";
import { nodeName } from "./nodes.js";

const NAMED = 3;

function names(nodes) {
  const shown = nodes.slice(0, NAMED).map(nodeName).join(", ");
  return nodes.length > NAMED ? `${shown} and ${nodes.length - NAMED} more` : shown;
}

/** Returns the warnings of a snapshot, each {tone, text}; none when all is well. */
export function warnings({ totals = {}, nodes = [], refused = [], problem = "" }) {
  const found = problem ? [{ tone: "bad", text: `${clean(problem)}.` }] : [];
  const ready = nodes.filter((node) => node.state === "ready");
  const silent = nodes.filter((node) => node.state === "silent");
  const waiting = totals.waiting ?? 0;
  if (waiting > 0 && ready.length === 0) {
    const why = nodes.length === 0 ? "no node has joined yet" : "no node is ready to run them";
    const verb = waiting === 1 ? "is" : "are";
    found.push({ tone: "bad", text: `${counted(waiting, "job")} ${verb} waiting, and ${why}.` });
  }
  if (silent.length > 0) {
    const verb = silent.length === 1 ? "is" : "are";
    const who = `${counted(silent.length, "node")} ${verb} silent`;
    found.push({ tone: "warn", text: `${who}: ${names(silent)}.` });
  }
  for (const { role, address, reason } of refused.slice(-NAMED)) {
    const who = `The ${clean(role)} at ${clean(address)}`;
    found.push({ tone: "warn", text: `${who} is refused: ${clean(reason)}.` });
  }
  return found;
}
