// Which view is shown: the part of the address after #, such as #/jobs?state=queued.

/** An address of a view: `to("nodes", "10.0.0.1")`, `to("jobs", "", {state: "queued"})`. */
export function to(name, id = "", query = {}) {
  const asked = Object.entries(query).filter(([, value]) => value !== "" && value != null);
  const words = new URLSearchParams(asked.map(([key, value]) => [key, String(value)])).toString();
  return `#/${name}${id ? `/${encodeURIComponent(id)}` : ""}${words ? `?${words}` : ""}`;
}

/** What an address means: {name, id, query}. */
export function parse(hash) {
  const [path, words = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [name, ...rest] = path.split("/");
  return { name: name || "overview", id: decoded(rest.join("/")), query: new URLSearchParams(words) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody's typing
  }
}

/** Calls onRoute(route) now and whenever the address changes. */
export class Router {
  constructor(onRoute) {
    this.onRoute = onRoute;
  }

  start() {
    addEventListener("hashchange", () => this.follow());
    this.follow();
  }

  follow() {
    this.onRoute(parse(location.hash));
  }

  /** Changes what is asked for in the view that is shown; no step of the browser's history. */
  refine(changes) {
    const { name, id, query } = parse(location.hash);
    const wanted = { ...Object.fromEntries(query), ...changes };
    history.replaceState(null, "", to(name, id, wanted));
    this.follow();
  }
}
