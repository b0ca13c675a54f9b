/** What is shown stands in the URL: `#traffic?status=4xx&open=12`, so that it can be kept and sent. */

import { place } from "./api.js";
import { store } from "./store.js";

/** @typedef {import("./types.js").Params} Params */

/** @returns {{view: string, params: Params}} */
function read() {
  const [view = "", query = ""] = location.hash.slice(1).split("?");
  return { view: view || "traffic", params: Object.fromEntries(new URLSearchParams(query)) };
}

export const route = store(read());

/** @param {string} view @param {Params} [params] */
export function hash(view, params = {}) {
  const { workspace } = place.get();
  const given = { ...(workspace ? { w: workspace } : {}), ...params };
  const kept = Object.entries(given).filter(([, value]) => value !== "");
  return `#${view}${kept.length ? `?${new URLSearchParams(kept)}` : ""}`;
}

/** Show a view. @param {string} view @param {Params} [params] */
export function go(view, params = {}) {
  history.pushState(null, "", hash(view, params));
  route.set(read());
}

/** Change some parameters of what is shown; "" takes one away. @param {Params} changed @param {{push?: boolean}} [how] */
export function change(changed, how = {}) {
  const { view, params } = route.get();
  const url = hash(view, { ...params, ...changed });
  history[how.push ? "pushState" : "replaceState"](null, "", url);
  route.set(read());
}

/** Close what is open, by Escape; not while something is typed. @param {KeyboardEvent} event */
export function closeByKey({ key, target }) {
  if (key === "Escape" && !(target instanceof Element && target.matches("input, textarea, select"))) change({ open: "" });
}

addEventListener("popstate", () => route.set(read()));
addEventListener("hashchange", () => route.set(read()));
