// Orders to the scheduler: at once where they can be taken back, after a question where they destroy.

import { openDialog } from "../parts/dialog.js";
import { button, el } from "../parts/dom.js";
import { clean } from "../parts/format.js";
import { toast } from "../parts/toast.js";
import { send } from "./ask.js";

const SENTENCE = 500; // characters

/** Sends an order; tells what came of it. Resolves to the answer, or null if it was refused. */
export async function act(method, path, body = {}) {
  try {
    const done = await send(method, path, body);
    const words = [done.outcome, done.warning].filter(Boolean).map((one) => clean(one, SENTENCE));
    const back = done.undo;
    toast(words.join("; "), {
      tone: done.warning || done.nodes?.some(({ error }) => error) ? "warn" : "ok",
      undo: back && (() => act(back.method, back.path.replace(/^\/api\/v1\//, ""), back.body)),
    });
    return done;
  } catch (error) {
    toast(clean(error.message, SENTENCE), { tone: "bad" });
    return null;
  }
}

/**
 * Asks first. `verb` stands on the button; `fields` are labels with inputs, whose values `order` is
 * given by name, with the reason. Where it destroys, the safe way out has the focus.
 */
export function confirm(title, words, verb, order, { fields = [], destroys = true } = {}) {
  const reason = el("input", { name: "reason", maxlength: "200", autocomplete: "off" });
  const keep = button(destroys ? "Keep as it is" : "Back", () => dialog.close());
  const go = el("button", { type: "submit", class: destroys ? "plain danger" : "plain go" }, verb);
  const form = el("form", { class: "asked", method: "dialog" }, el("p", {}, words), ...fields,
    el("label", {}, "Reason (if you like) ", reason), el("p", { class: "pager" }, keep, go));
  const dialog = openDialog(title, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    if (!given.reason) delete given.reason;
    dialog.close();
    order(given);
  });
  (fields[0]?.querySelector("input, textarea, select") ?? keep).focus();
}

/** A labelled input for a dialog. */
export function field(label, props) {
  return el("label", {}, `${label} `, el("input", { autocomplete: "off", ...props }));
}

/** What only some may order: the least role that may, for a button or what holds some. */
export const needs = (role, props = {}) => ({ "data-needs": role, ...props });
