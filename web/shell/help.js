// What the keys mean.

import { el } from "../parts/dom.js";
import { openDialog } from "../parts/dialog.js";
import { VIEWS } from "./views.js";

const OTHERS = [
  ["/", "find a job, node or cluster"],
  ["j  k", "next row, previous row"],
  ["x", "tick the box of a row"],
  ["[  ]", "page before, next page"],
  ["Enter", "open what has the focus"],
  ["p", "pause, and go on"],
  ["?", "this help"],
  ["Esc", "close"],
];

export function openHelp(keys) {
  const views = Object.values(VIEWS).map(({ label, key }) => [`g  ${key}`, label]);
  const rows = [...views, ...OTHERS].map(([key, words]) => el("div", {},
    el("dt", {}, ...key.split("  ").map((one) => el("kbd", {}, one))), el("dd", {}, words)));
  const box = el("input", { type: "checkbox", id: "keys-wanted" });
  box.checked = keys.wanted;
  box.addEventListener("change", () => { keys.wanted = box.checked; });
  openDialog("Keys", el("dl", { class: "keys" }, ...rows),
    el("p", { class: "choice" }, box, el("label", { for: "keys-wanted" }, " Single keys do this")));
}
