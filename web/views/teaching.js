// What is shown where there is nothing yet: how to begin, with commands that work when pasted.

import { el, setText } from "../parts/dom.js";
import { snippet } from "../parts/snippet.js";
import { to } from "../shell/router.js";

/** Each returns {element, update(state)}. */
export function noNodes() {
  const code = snippet("the node example");
  return {
    element: el("div", { class: "panel empty", id: "nodes-empty" },
      el("h2", {}, "No nodes yet"),
      el("p", {}, "Nodes are the machines that run the jobs. On each machine, install dispy and start a node:"),
      code.element,
      el("p", { class: "hint" }, "A node on this network appears here by itself. For one elsewhere, start gsched with ",
        el("code", {}, "--nodes\u00a0HOST"), ".")),
    update: ({ head }) => code.set(nodeCommand(head)),
  };
}

export function noClusters() {
  const code = snippet("the client example");
  const title = el("h2");
  const ended = el("p", { id: "clusters-ended" }, "What has ended is under ", el("a", { href: to("finished") }, "Finished"), ".");
  return {
    element: el("div", { class: "panel empty", id: "clusters-empty" }, title, ended,
      el("p", {}, "A cluster is one program's computation. This program creates one and submits jobs to it:"),
      code.element),
    update: ({ head, totals }) => {
      setText(title, totals.done ? "No cluster is open now" : "No clusters yet");
      ended.hidden = !totals.done;
      code.set(clientProgram(head));
    },
  };
}

export const nodeCommand = (head) => String(head.node_command ?? "pip install dispy\ndispynode.py");
export const clientProgram = (head) => String(head.client_program ?? "import dispy");
