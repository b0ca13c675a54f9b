/** What the page knows of the sandbox: loaded once, and from then on changed by what events tell. */

import { call, controlToken, has, look, place, Refused } from "./api.js";
import { Exchanges } from "./exchanges.js";
import { count } from "./happened.js";
import { calmly, store } from "./store.js";
import { follow } from "./stream.js";

/** @typedef {import("./types.js").Brief} Brief @typedef {import("./types.js").Entry} Entry */
/** @typedef {import("./types.js").Fault} Fault @typedef {import("./types.js").Clock} Clock */

export const link = store({ state: "connecting" });
export const exchanges = store(new Exchanges());
export const dropped = store(0);
export const appointments = store({ loaded: false, entries: /** @type {Map<string, Entry>} */ (new Map()) });
export const faults = store({ loaded: false, rules: /** @type {Fault[]} */ ([]) });
/** `behind`: what to add to the machine's clock, in milliseconds, to get the sandbox's. */
export const clock = store({ now: "", frozen: false, behind: 0 });

const PAGE = 1_000;
/** What some view has asked for, and wants to have again after a reset. @type {Set<() => unknown>} */
const wanted = new Set();
let epoch = 0; // counts resets: what was asked for before one is not shown after it
let following = new AbortController();

/** Begin, or begin again for another workspace. @param {string} workspace */
export async function begin(workspace) {
  following.abort();
  following = new AbortController();
  const { signal } = following;
  place.set({ ...place.get(), workspace });
  link.set({ state: "connecting" });
  forget();
  await look();
  if (!(await isOpen())) return;
  if (!signal.aborted) follow({ opened, told, lost: () => link.set({ state: "lost" }), refused }, signal);
}

/** True unless there is no control plane here, or it wants a token that this tab does not have. */
async function isOpen() {
  if (!has("/clock")) return false;
  try {
    showClock(await call("GET", "/clock"));
  } catch (problem) {
    if (!(problem instanceof Refused) || !place.get().workspace || problem.status !== 404) {
      if (!place.get().locked || controlToken()) throw problem;
      return false;
    }
  }
  return true;
}

/** What follows the events was refused: the workspace is gone, or another control token is wanted. @param {number} status */
function refused(status) {
  const gone = status === 404 && place.get().workspace !== "";
  if (gone && link.get().state !== "gone") count({ workspaces: 1 });
  link.set({ state: gone ? "gone" : "lost" });
  if (status === 403) loadClock();
}

function forget() {
  epoch += 1;
  exchanges.set(new Exchanges());
  askAgain();
}

function askAgain() {
  for (const each of wanted) each();
  count({ anew: 1 });
}

function opened() {
  const again = link.get().state !== "connecting";
  link.set({ state: "live" });
  loadClock();
  if (again) {
    look().catch(() => {});
    askAgain();
  }
  loadExchanges({ again });
}

/** @param {string} kind @param {any} data */
function told(kind, data) {
  if (kind === "exchange") return exchanged(data);
  if (kind === "clock") return showClock(data.answer);
  if (kind === "fault" && faults.get().loaded) soonFaults();
  if (kind === "appointments" && appointments.get().loaded) loadAppointments();
  if (["reset", "state", "snapshots", "journal", "missed"].includes(kind)) startedAnew();
  count({ exams: Number(kind === "exam"), workspaces: Number(kind === "workspaces"), anew: Number(kind === "verdict") });
}

function startedAnew() {
  forget();
  loadClock();
  loadExchanges();
}

/** @param {Brief} brief */
function exchanged(brief) {
  exchanges.get().add([brief]);
  exchanges.set(exchanges.get());
  count({ exchanges: 1 });
  if (faults.get().loaded) soonFaults();
  if (appointments.get().loaded && brief.state === "done" && (brief.written || brief.faults.length)) {
    const id = brief.written?.split("/")[1] ?? brief.id;
    if (id) loadAppointment(id);
  }
}

/**
 * Load what the journal has, the newest first, a page at a time.
 * @param {{again?: boolean}} [how] again: the connection was lost, so that this may be the journal of another sandbox
 */
async function loadExchanges({ again = false } = {}) {
  const began = epoch;
  let before = 0;
  do {
    const older = before ? `&before=${before}` : "";
    const page = await call("GET", `/journal?format=summary&limit=${PAGE}${older}`).catch(() => null);
    if (!page || began !== epoch) return;
    if (again && !before && isAnother(page.exchanges)) return startedAnew();
    exchanges.get().add(page.exchanges);
    exchanges.set(exchanges.get());
    dropped.set(page.dropped);
    before = page.exchanges.length === PAGE ? page.exchanges[0].number : 0;
  } while (before > 1);
}

/** True if no exchange of these is known: the sandbox was started again, and numbers its exchanges from 1. @param {Brief[]} newest */
function isAnother(newest) {
  const known = exchanges.get();
  return known.size > 0 && !newest.some(({ number, wall }) => known.find(number)?.wall === wall);
}

export async function loadClock() {
  showClock(await call("GET", "/clock").catch(() => null));
}

/** @param {Clock | null} told */
export function showClock(told) {
  if (told?.now) clock.set({ ...told, behind: Date.parse(told.now) - Date.now() });
}

/** The sandbox's clock now, in milliseconds. */
export function nowIs() {
  const { now, frozen, behind } = clock.get();
  return frozen ? Date.parse(now) : Date.now() + behind;
}

export async function loadFaults() {
  wanted.add(loadFaults);
  const began = epoch;
  const told = await call("GET", "/faults").catch(() => null);
  if (told && began === epoch) faults.set({ loaded: true, rules: told.faults });
}

const soonFaults = calmly(loadFaults, 400);

export async function loadAppointments() {
  wanted.add(loadAppointments);
  const began = epoch;
  const told = await call("GET", "/appointments?format=summary").catch(() => null);
  if (!told || began !== epoch) return;
  const entries = new Map(told.appointments.map((/** @type {Entry} */ each) => [each.id, each]));
  appointments.set({ loaded: true, entries });
}

/** @param {string} id */
async function loadAppointment(id) {
  const began = epoch;
  const entry = await call("GET", `/appointments/${encodeURIComponent(id)}?format=summary`).catch(() => null);
  if (!entry || began !== epoch) return;
  const { entries } = appointments.get();
  entries.set(id, entry);
  appointments.set({ loaded: true, entries });
}

/** True if the sandbox has what this view needs. @param {string | undefined} path */
export const offered = (path) => !path || has(path);
