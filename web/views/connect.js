// How nodes and programs come in, where gsched listens, and what peers may take.

import { el, fill, setText } from "../parts/dom.js";
import { bytes, clean, count, percent } from "../parts/format.js";
import { heading } from "../parts/page.js";
import { bar } from "../parts/bar.js";
import { snippet } from "../parts/snippet.js";
import { clientProgram, nodeCommand } from "./teaching.js";

export class View {
  constructor() {
    this.title = "Connect";
    this.node = snippet("the node example");
    this.client = snippet("the client example");
    this.status = snippet("the status example");
    this.listens = el("ul", { class: "listens", id: "listens" });
    this.limits = el("ul", { class: "shares", id: "limits" });
    const block = (words, hint, one) => el("div", { class: "block" }, el("h2", {}, words), el("p", { class: "hint" }, hint), one.element);
    this.element = el("section", {}, heading("Connect").element,
      el("div", { class: "pair" },
        el("div", { class: "panel" },
          block("Start a node", "On each machine that shall run jobs:", this.node),
          block("Submit jobs", "A program that works as it stands:", this.client),
          block("Read these numbers from a script", "The same state, as JSON:", this.status)),
        el("div", { class: "panel" }, el("h2", {}, "Listening at"), this.listens,
          el("h2", {}, "Limits, and how much of each is used"), this.limits,
          el("p", { class: "hint" }, "All that can be asked: ", el("a", { href: "api/v1/openapi.json" }, "openapi.json"), ", figures: ", el("a", { href: "metrics" }, "metrics"), "."))));
  }

  open() {}

  update({ head }) {
    this.node.set(nodeCommand(head));
    this.client.set(clientProgram(head));
    this.status.set(`curl -s ${new URL("api/v1/status", document.baseURI)}`);
    // Each line is an address and, after a space, what it is for.
    fill(this.listens, head.listens ?? [], () => el("li", {}, el("code"), el("span")), (item, line) => {
      const [, address, purpose] = /^(\S*)\s*(.*)$/s.exec(clean(line));
      setText(item.children[0], address);
      setText(item.children[1], purpose);
    });
    const limits = Object.entries(head.limits ?? {});
    fill(this.limits, limits, limit, (item, [name, [taken, most, refused]]) => {
      setText(item.children[0], `--${clean(name)}`);
      const words = most ? `${figure(name, taken)} of ${figure(name, most)}` : `${figure(name, taken)}, no limit`;
      setText(item.children[1], refused ? `${words}; ${count(refused)} refused` : words);
      item.size([most ? taken / most : 0]);
    });
  }
}

function figure(name, value) {
  if (/effort/.test(name)) return percent(value);
  return (/size|bytes|memory/.test(name) ? bytes : count)(value);
}

function limit() {
  const { element, size } = bar("busy");
  return Object.assign(el("li", {}, el("code"), el("span"), element), { size });
}
