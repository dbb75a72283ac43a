// Who looks, and what they may: orders that are not theirs to give are not shown. (The server
// refuses them in any case.)

import { ask, send } from "../live/ask.js";
import { button, el, setText } from "../parts/dom.js";
import { clean } from "../parts/format.js";

export class Account {
  /** `holder` shows the name, and the way out. */
  constructor(holder) {
    this.name = el("span", { class: "who" });
    this.out = button("Sign out", () => this.leave(), { id: "sign-out" });
    this.holder = holder;
    holder.append(this.name, this.out);
    this.round = "";
  }

  /** Looks anew when the server, or the state of being known to it, is another one. */
  async look(round) {
    if (this.round === round) return;
    this.round = round;
    try {
      this.show(await ask("whoami"));
    } catch {
      this.round = ""; // asked again with the next numbers
    }
  }

  show({ name, role, signed_in: signedIn }) {
    document.body.dataset.role = role;
    // Where nobody needs an account, all are the same.
    this.holder.hidden = !signedIn && role === "admin";
    setText(this.name, `${clean(name, 40)} · ${clean(role)}`);
    this.name.title = `You are ${clean(name)}, ${clean(role)}`;
    this.out.hidden = !signedIn;
  }

  async leave() {
    try {
      await send("DELETE", "session");
    } finally {
      location.reload(); // strangers get the page where one signs in
    }
  }
}
