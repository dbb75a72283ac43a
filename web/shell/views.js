// The views by the first word of their address; their modules are loaded when somebody goes there.

export const VIEWS = {
  overview: { label: "Overview", key: "o", load: () => import("../views/overview.js") },
  clusters: {
    label: "Clusters",
    key: "c",
    load: () => import("../views/clusters.js"),
    loadOne: () => import("../views/cluster.js"),
  },
  nodes: {
    label: "Nodes",
    key: "n",
    load: () => import("../views/nodes.js"),
    loadOne: () => import("../views/node.js"),
  },
  jobs: {
    label: "Jobs",
    key: "j",
    load: () => import("../views/jobs.js"),
    loadOne: () => import("../views/job.js"),
  },
  timeline: { label: "Timeline", key: "t", load: () => import("../views/timeline.js") },
  finished: { label: "Finished", key: "f", load: () => import("../views/finished.js") },
  events: { label: "Events", key: "e", load: () => import("../views/events.js") },
  connect: { label: "Connect", key: "x", load: () => import("../views/connect.js") },
};
