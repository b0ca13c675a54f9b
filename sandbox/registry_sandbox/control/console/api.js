/** The control API, as this page calls it, and the addresses of the registry. */

import { store } from "./store.js";

const KEPT = "registry-sandbox.control-token";

/** What `GET /` says of this server; `workspace` is the one that is shown ("": the one without a name). */
export const place = store({
  paths: /** @type {string[]} */ ([]),
  base: "",
  tokenUrl: "",
  auth: "registry",
  workspace: "",
  locked: false,
});

export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const controlToken = () => sessionStorage.getItem(KEPT) ?? "";

/** @param {string} token */
export function keepControlToken(token) {
  sessionStorage.setItem(KEPT, token);
  place.set({ ...place.get(), locked: false });
}

/** The control plane's root for the workspace that is shown. */
export function root() {
  const { workspace } = place.get();
  return workspace ? `w/${encodeURIComponent(workspace)}/_sandbox` : "_sandbox";
}

/** @returns {Record<string, string>} */
export function authorization() {
  const token = controlToken();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** True if the control plane has this path. @param {string} path */
export const has = (path) => place.get().paths.some((each) => each.endsWith(`/_sandbox${path}`));

/**
 * Call the control API and return its JSON, or its text where it answers with text.
 * @param {string} method
 * @param {string} path below the root, such as `/faults`
 * @param {unknown} [body] sent as JSON
 * @param {{whole?: boolean}} [options] whole: of the workspace without a name, whichever is shown
 * @returns {Promise<any>}
 */
export async function call(method, path, body, options = {}) {
  const headers = authorization();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? null : JSON.stringify(body);
  const address = `${options.whole ? "_sandbox" : root()}${path}`;
  const answer = await reached(fetch(address, { method, headers, body: sent, cache: "no-store" }));
  const text = await answer.text();
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  const value = isJson && text ? JSON.parse(text) : text;
  if (answer.ok) return value;
  const message = value?.error ?? (text.slice(0, 300) || `${answer.status}`);
  if (answer.status === 403 && message.includes("--control-token")) place.set({ ...place.get(), locked: true });
  throw new Refused(answer.status, message);
}

/** @param {Promise<Response>} answer */
async function reached(answer) {
  try {
    return await answer;
  } catch {
    throw new Refused(0, "The sandbox does not answer. Is it still running?");
  }
}

/** Ask the server what it has: its paths decide which views there are. */
export async function look() {
  const answer = await reached(fetch("./", { headers: { Accept: "application/json" }, cache: "no-store" }));
  const told = await answer.json();
  const { workspace } = place.get();
  const base = workspace ? await baseOf(workspace, told.base_url) : told.base_url;
  place.set({ ...place.get(), paths: told.paths, base, tokenUrl: told.token_url, auth: told.auth });
}

/** @param {string} workspace @param {string} base */
async function baseOf(workspace, base) {
  const { workspaces } = await call("GET", "/workspaces", undefined, { whole: true });
  const found = workspaces.find((/** @type {{name: string}} */ each) => each.name === workspace);
  return found?.base_url ?? base.replace(/\/STU3$/, `/w/${workspace}/STU3`);
}

/**
 * The URL of a path of the journal, as clients reach it. The registry sees paths without what a proxy strips, and inside a
 * workspace without `/w/NAME`: what of this is missing is put before it.
 * @param {string} path
 */
export function urlOf(path) {
  const { origin, pathname } = new URL(place.get().base);
  const parts = pathname.split("/").slice(1, -1); // of "/nhs/w/team-a/STU3": nhs, w, team-a
  let missing = 0;
  while (missing < parts.length && !path.startsWith(`/${parts.slice(missing).join("/")}/`)) missing += 1;
  return [origin, ...parts.slice(0, missing)].join("/") + path;
}

/** A path of the journal as it is below the FHIR base, where it is there. @param {string} path */
export function belowBase(path) {
  const { base } = place.get();
  const [root_, url] = base ? [`${new URL(base).href}/`, urlOf(path)] : ["", path];
  return root_ && url.startsWith(root_) ? url.slice(root_.length) : path;
}

/** A token for the registry. @param {string} [query] as docs/tokens.md has it */
export const mint = (query = "") => call("GET", `/token${query ? `?${query}` : ""}`);

/** Give a text to the clipboard, or to a file to keep. @param {string} name @param {string} text @param {string} type */
export function save(name, text, type = "application/json") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
