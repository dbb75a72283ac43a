// The columns of jobs.

import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, count, duration, NOTHING } from "../parts/format.js";
import { custom, state, text } from "../parts/table.js";
import { to } from "../shell/router.js";

export const END_TONES = { finished: "ok", terminated: "bad", abandoned: "bad", cancelled: "warn" };
export const JOB_TONES = {
  running: "ok", sending: "busy", done: "ok", queued: "warn", offered: "plain", gone: "plain",
};

/** A link to what `of(row)` names, or nothing. */
function link(cell, kind, id, words) {
  const element = el("a", { class: kind === "jobs" ? "name" : "" });
  cell.append(element);
  return (row) => {
    setText(element, words(row));
    setAttribute(element, "href", id(row) ? to(kind, id(row)) : null);
    setAttribute(cell, "data-nothing", words(row) ? null : "");
  };
}

export function note(job) {
  const words = [
    job.pinned ? `only on ${clean(job.pinned)}` : "",
    job.cancelling ? "being cancelled" : "",
    job.state === "done" ? `${clean(job.end)}, not taken by its client yet` : "",
    clean(job.reason),
  ];
  return words.filter(Boolean).join("; ");
}

/** What holds up the cluster of a job that waits, where that is known. */
function held(job, clusters) {
  return job.state === "queued" ? clean(clusters.get(job.cluster)?.note) : "";
}

/** `now()` is the scheduler's clock, in seconds since 1970; `clusters()` those that there are, by id. */
export const jobColumns = (now, clusters) => [
  custom("Job", (cell) => link(cell, "jobs", (job) => job.uid, (job) => clean(job.uid)),
    { kind: "identity" }),
  state("State", (job) => clean(job.state), JOB_TONES),
  custom("Cluster", (cell) => link(cell, "clusters", (job) => job.cluster, (job) => clean(job.label)),
    { kind: "identity" }),
  text("For", (job) => (typeof job.since === "number" ? duration(Math.max(0, now() - job.since)) : NOTHING),
    { kind: "number", hint: "Since its last step" }),
  custom("Node", (cell) => link(cell, "nodes", (job) => job.node, (job) => clean(job.node))),
  text("Tries", (job) => count(job.tries), { kind: "number", hint: "How often it was sent to a node" }),
  text("Note", (job) => note(job) || held(job, clusters()), { kind: "note", hint: "Each job tells more of why it waits" }),
];
