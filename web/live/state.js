// The scheduler's state as this browser has heard of it.

export const NAMES = ["snapshot", "resync", "delta"];

/** Whether an event tells of what comes right after `state`; if not, some were missed. */
export function follows(state, name, data) {
  return name !== "delta" || (state !== null && data.seq === state.seq + 1);
}

/**
 * The state after an event: {seq, time, epoch, head, totals, nodes: Map by address, clusters: Map by
 * id}. `state` is null before the first one, and stays as it is: what has changed is made anew.
 */
export function apply(state, name, data) {
  return name === "delta" ? changed(state, data) : whole(data);
}

function whole(data) {
  const { seq, time, epoch, totals = {}, nodes = [], clusters = [], uptime, ...head } = data;
  return {
    seq,
    time,
    epoch,
    head: { ...head, started: time - uptime },
    totals,
    nodes: new Map(nodes.map((node) => [node.address, node])),
    clusters: new Map(clusters.map((cluster) => [cluster.id, cluster])),
  };
}

function changed(state, data) {
  const { seq, time = state.time, totals = state.totals, nodes, clusters, gone, ...head } = data;
  return {
    ...state,
    seq,
    time,
    totals,
    head: { ...state.head, ...head },
    nodes: merged(state.nodes, nodes, gone.nodes),
    clusters: merged(state.clusters, clusters, gone.clusters),
  };
}

function merged(rows, news, gone) {
  const all = new Map(rows);
  for (const [key, fields] of Object.entries(news)) all.set(key, { ...all.get(key), ...fields });
  for (const key of gone) all.delete(key);
  return all;
}
