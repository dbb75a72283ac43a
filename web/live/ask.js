// Questions to the API, asked again while somebody looks at the answers.

const PAUSE = 2_000; // ms between two looks
const BASE = new URL("../../api/v1/", import.meta.url);

/** The API's answer to GET `path`. Throws an Error with the server's words and `status`. */
export async function ask(path, signal) {
  return answer(await fetch(new URL(path, BASE), { signal }));
}

/** The answer to another method with `body` as JSON. */
export async function send(method, path, body = {}) {
  const headers = { "Content-Type": "application/json", "X-Gsched": "1" };
  return answer(await fetch(new URL(path, BASE), { method, headers, body: JSON.stringify(body) }));
}

async function answer(response) {
  const told = await response.json().catch(() => ({}));
  if (response.ok) return told;
  const error = new Error(told.error ?? `the server answers ${response.status}`);
  error.status = response.status;
  throw error;
}

/** A path of the API with parameters; empty ones are left out. */
export function path(name, query = {}) {
  const asked = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  return asked.length ? `${name}?${new URLSearchParams(asked)}` : name;
}

/** Asks again and again, and drops answers to questions that nobody has any more. */
export class Asking {
  /** `question(signal)` returns a promise; `show(answer)` and `failed(error)` are told. */
  constructor(question, show, failed, pause = PAUSE) {
    Object.assign(this, { question, show, failed, pause });
    this.control = null; // of the question that is out
    this.asked = 0;
  }

  /** Ask now, since it is another question. */
  restart() {
    this.stop();
    this.look();
  }

  stop() {
    this.control?.abort();
    this.control = null;
  }

  /** Ask if it is time. */
  tick() {
    if (this.control === null && performance.now() - this.asked >= this.pause) this.look();
  }

  async look() {
    const control = new AbortController();
    this.control = control;
    this.asked = performance.now();
    try {
      const told = await this.question(control.signal);
      if (this.control === control) this.show(told);
    } catch (error) {
      if (this.control === control) this.failed(error);
    } finally {
      if (this.control === control) this.control = null;
    }
  }
}
