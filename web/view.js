// The overview: puts a snapshot and the state of the stream on the page.

import { warnings } from "./attention.js";
import { clusterColumns, clusterKey } from "./clusters.js";
import { el, setAttribute, setText, snippet } from "./dom.js";
import { clean, clock, count, duration, NOTHING } from "./format.js";
import { Jobs } from "./jobs.js";
import { NODE_COLUMNS, nodeKey } from "./nodes.js";
import { Table } from "./table.js";
import { Totals } from "./totals.js";

const ROWS = 200; // shown of a table until somebody asks for all
const ALGORITHMS = {
  submitted: "earliest job first",
  fair: "clusters take turns",
  early: "earliest cluster first",
};
const byId = (id) => document.getElementById(id);

/** A table with its count, what stands in its place when empty, and "show all". */
class Section {
  constructor(id, columns, keyOf) {
    this.table = new Table(byId(id), columns, keyOf);
    this.count = byId(`${id}-count`);
    this.panel = byId(`${id}-panel`);
    this.empty = byId(`${id}-empty`);
    this.more = byId(`${id}-more`);
    this.limit = ROWS;
    this.rows = [];
    this.more.addEventListener("click", () => {
      this.limit = Infinity;
      this.update(this.rows);
      this.panel.focus();
    });
  }

  update(rows) {
    this.rows = rows;
    this.table.update(rows.slice(0, this.limit));
    setText(this.count, count(rows.length));
    this.panel.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    this.more.hidden = rows.length <= this.limit;
    setText(this.more, `Show all ${count(rows.length)}`);
  }
}

/** The state of the stream in a few words for the header. */
function shortly({ name, since }) {
  const words = { live: "Live", connecting: "Connecting…", paused: "Paused" };
  if (words[name]) return words[name];
  if (!since) return "No answer";
  return name === "stopped" ? `Stopped at ${clock(since)}` : `Stale since ${clock(since)}`;
}

/** The same for the banner, in full; "" when all is well. */
function fully({ name, since, message }) {
  if (name === "live" || name === "connecting" || name === "paused") return "";
  if (name === "trouble") return sentence(clean(message), since);
  if (name === "stopped") return sentence("The scheduler has stopped", since);
  const fact = "The scheduler does not answer";
  return since ? `Stale since ${clock(since)}. ${fact}; the numbers below are old.` : `${fact}.`;
}

function sentence(words, since) {
  const fact = words.charAt(0).toUpperCase() + words.slice(1);
  return since ? `${fact}. The numbers below are from ${clock(since)}.` : `${fact}.`;
}

export class View {
  constructor({ onRetry }) {
    this.totals = new Totals(byId("totals"));
    this.nodes = new Section("nodes", NODE_COLUMNS, nodeKey);
    this.jobs = new Jobs();
    const columns = clusterColumns((cluster) => this.jobs.open(cluster));
    this.clusters = new Section("clusters", columns, clusterKey);
    this.snippets = [...document.querySelectorAll("[data-snippet]")].map((holder) => {
      const { snippet: what } = holder.dataset;
      return { what, set: snippet(holder, `the ${what} example`) };
    });
    byId("retry").addEventListener("click", onRetry);
  }

  /** Shows a snapshot; parts that it lacks are shown as missing. */
  show(snapshot) {
    const { nodes = [], clusters = [], listens = [] } = snapshot;
    byId("loading").hidden = true;
    byId("content").hidden = false;
    this.facts(snapshot);
    this.totals.update(snapshot);
    this.attention(warnings(snapshot));
    this.nodes.update(nodes);
    this.clusters.update(clusters);
    this.jobs.tick(snapshot);
    this.listens(listens);
    this.examples(snapshot);
  }

  facts({ version, algorithm, uptime }) {
    setText(byId("version"), clean(version));
    setText(byId("algorithm"), ALGORITHMS[algorithm] ?? (clean(algorithm) || NOTHING));
    setText(byId("uptime"), duration(uptime));
  }

  attention(found) {
    const list = byId("attention");
    while (list.children.length > found.length) list.lastChild.remove();
    found.forEach(({ tone, text }, index) => {
      const item = list.children[index] ?? list.appendChild(el("li"));
      setAttribute(item, "data-tone", tone);
      setText(item, text);
    });
  }

  /** Each line is an address and, after a space, what it is for. */
  listens(lines) {
    const list = byId("listens");
    if (this.listened === lines.join("\n")) return;
    this.listened = lines.join("\n");
    list.replaceChildren(...lines.map((line) => {
      const [, address, purpose] = /^(\S*)\s*(.*)$/s.exec(clean(line));
      return el("li", {}, el("code", {}, address), el("span", {}, purpose));
    }));
  }

  examples(snapshot) {
    const texts = {
      node: snapshot.node_command ?? "pip install dispy\ndispynode.py",
      client: snapshot.client_program ?? "import dispy",
      status: `curl -s ${new URL("api/v1/status", document.baseURI)}`,
    };
    for (const { what, set } of this.snippets) set(String(texts[what]));
  }

  /** Shows the state of the stream (see live.js). */
  state(state) {
    const words = fully(state);
    document.body.dataset.state = state.name;
    document.body.classList.toggle("old", words !== "" && state.since !== null);
    setText(byId("live"), shortly(state));
    setText(byId("banner-text"), words);
    byId("banner").hidden = words === "";
    byId("retry").hidden = state.retryIn === null;
    setText(byId("banner-retry"), state.retryIn === null ? "" : `Next try in ${state.retryIn} s`);
    this.title(state, words);
  }

  title({ name }, words) {
    const marks = { paused: " (paused)", stopped: " (stopped)" };
    document.title = `gsched${words && name !== "stopped" ? " (stale)" : marks[name] ?? ""}`;
  }

  /** Begins anew after the scheduler did. */
  restarted(text) {
    this.totals.restart();
    this.nodes.update([]);
    this.clusters.update([]);
    this.jobs.close();
    setText(byId("notice"), text);
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => setText(byId("notice"), ""), 15_000);
  }
}
