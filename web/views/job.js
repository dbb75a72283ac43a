// One job: where it is, why it does not go on, and its story.

import { Asking, ask } from "../live/ask.js";
import { button, el, setText } from "../parts/dom.js";
import { bytes, clean, count, counted, duration, moment, seconds } from "../parts/format.js";
import { facts, heading } from "../parts/page.js";
import { copyButton } from "../parts/snippet.js";
import { tell } from "../parts/table.js";
import { to } from "../shell/router.js";
import { END_TONES, JOB_TONES, note } from "./job_columns.js";
import { needs } from "../live/act.js";
import { cancelJobs } from "./orders.js";

const SENTENCE = 1000; // characters

export class View {
  constructor() {
    this.title = "Job";
    this.pill = el("span", { class: "pill" });
    this.head = heading("Job", copyButton(() => this.uid, "Copy the job's id"));
    this.head.count.replaceWith(this.pill);
    this.cancel = button("Cancel…", () => cancelJobs({ uids: [this.uid] }), needs("operator", { class: "plain danger" }));
    this.cancel.hidden = true;
    this.head.element.append(this.cancel);
    this.why = el("p", { class: "why", id: "job-why", role: "status" });
    this.facts = facts();
    this.links = el("p", { class: "crumbs" });
    this.story = el("ol", { id: "job-story" });
    this.element = el("section", {}, this.links, this.head.element, this.why,
      el("div", { class: "panel" }, this.facts.element),
      el("div", { class: "panel story" }, el("h2", {}, "Its story"), this.story));
    this.asking = new Asking((signal) => ask(`jobs/${encodeURIComponent(this.uid)}`, signal),
      (job) => this.show(job), (error) => this.failed(error));
  }

  open({ id }) {
    this.uid = id;
    this.title = `Job ${clean(id)}`;
    setText(this.head.title, this.title);
    setText(this.why, "");
    this.pill.hidden = true;
    this.links.replaceChildren(el("a", { href: to("jobs") }, "Jobs"));
    this.story.replaceChildren();
    this.asking.restart();
  }

  update({ time }) {
    this.time = time;
    this.asking.tick();
  }

  close() {
    this.asking.stop();
  }

  show(job) {
    this.pill.hidden = false;
    // Of a job that is over, it is how it ended that counts.
    const over = job.state === "gone" && job.end;
    tell(this.pill, clean(over ? job.end : job.state), over ? END_TONES : JOB_TONES);
    this.cancel.hidden = job.state === "done" || job.state === "gone";
    setText(this.why, clean(job.why, SENTENCE));
    this.facts.set([
      ["Cluster", clean(job.label)],
      ["Node", clean(job.node) || "none yet"],
      ["Submitted", moment(job.submitted)],
      ["Waited", wait(job, this.time)],
      ["Started", moment(job.started)],
      ["Ended", moment(job.history?.ended)],
      ["Ran for", seconds(job.history?.seconds)],
      ["Arguments", bytes(job.history?.sent)],
      ["Result", bytes(job.history?.received)],
      ["Sent to nodes", counted(job.tries, "time")],
      ["Refused by nodes", counted(job.refusals, "time")],
      ["Nodes lost under it", job.losses.map((one) => clean(one)).join(", ") || "none"],
      ["Note", note(job) || "–"],
    ]);
    this.links.replaceChildren(el("a", { href: to("jobs") }, "Jobs"), " · ",
      el("a", { href: to("clusters", job.cluster) }, clean(job.label)),
      ...(job.node ? [" · ", el("a", { href: to("nodes", job.node) }, clean(job.node))] : []));
    this.tell(job);
  }

  tell({ story, steps }) {
    const [begin] = story;
    const left = steps > story.length
      ? [el("li", {}, `${count(steps - story.length)} earlier steps are left out`)] : [];
    this.story.replaceChildren(...left, ...story.map((step) => {
      const words = [clean(step.event), clean(step.note)].filter(Boolean).join(": ");
      const when = new Date(1000 * step.time);
      return el("li", {},
        el("time", { datetime: when.toISOString(), title: when.toISOString() }, moment(step.time)),
        el("span", { class: "since" }, ` +${seconds(step.time - begin.time)}`), ` ${words}`);
    }));
  }

  failed(error) {
    if (error.status === 404) {
      this.pill.hidden = false;
      tell(this.pill, "gone", JOB_TONES);
      this.cancel.hidden = true;
    }
    setText(this.why, clean(error.message, SENTENCE));
  }
}

function wait({ submitted, started }, now) {
  return typeof submitted === "number" ? duration(Math.max(0, (started ?? now ?? submitted) - submitted)) : "–";
}
