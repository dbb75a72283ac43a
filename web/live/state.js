// The scheduler's state as this browser has heard of it.

export const NAMES = ["snapshot", "resync"];

/**
 * The state after an event: {time, epoch, head, totals, nodes: Map by address, clusters: Map by id}.
 * `state` is null before the first one.
 */
export function apply(state, name, data) {
  const { time, epoch, totals = {}, nodes = [], clusters = [], uptime, ...head } = data;
  for (const node of nodes) {
    node.heard_at = typeof node.heard === "number" ? time - node.heard : null;
  }
  return {
    time,
    epoch,
    head: { ...head, started: time - uptime },
    totals,
    nodes: new Map(nodes.map((node) => [node.address, node])),
    clusters: new Map(clusters.map((cluster) => [cluster.id, cluster])),
  };
}
