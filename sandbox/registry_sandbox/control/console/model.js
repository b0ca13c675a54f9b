/** What the page knows of the sandbox: loaded once, and from then on changed by what events tell. */

import { call, controlToken, has, look, place } from "./api.js";
import { Exchanges } from "./exchanges.js";
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
/** Counts what happened that some view may want to ask about again. */
export const happened = store({ exchanges: 0, exams: 0, workspaces: 0 });

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
  forget();
  await look();
  if (!(await isOpen())) return;
  if (!signal.aborted) follow({ opened, told, lost: () => link.set({ state: "lost" }) }, signal);
}

/** True unless the control plane wants a token that this tab does not have. */
async function isOpen() {
  try {
    showClock(await call("GET", "/clock"));
  } catch (refused) {
    if (!place.get().locked || controlToken()) throw refused;
    return false;
  }
  return true;
}

function forget() {
  epoch += 1;
  exchanges.set(new Exchanges());
  for (const each of wanted) each();
}

function opened() {
  if (link.get().state === "lost") look().catch(() => {});
  link.set({ state: "live" });
  loadClock();
  loadExchanges();
}

/** @param {string} kind @param {any} data */
function told(kind, data) {
  if (kind === "exchange") return exchanged(data);
  if (kind === "clock") return showClock(data.answer);
  if (kind === "fault" && faults.get().loaded) soonFaults();
  if (kind === "appointments" && appointments.get().loaded) loadAppointments();
  if (["reset", "state", "snapshots", "journal", "missed"].includes(kind)) startedAnew();
  const { exchanges: seen, exams, workspaces } = happened.get();
  happened.set({ exchanges: seen, exams: exams + Number(kind === "exam"), workspaces: workspaces + 1 });
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
  happened.set({ ...happened.get(), exchanges: happened.get().exchanges + 1 });
  if (faults.get().loaded) soonFaults();
  if (appointments.get().loaded && brief.state === "done" && (brief.written || brief.faults.length)) {
    const id = brief.written?.split("/")[1] ?? brief.id;
    if (id) loadAppointment(id);
  }
}

/** Load what the journal has, the newest first, a page at a time. */
async function loadExchanges() {
  const began = epoch;
  let before = 0;
  do {
    const older = before ? `&before=${before}` : "";
    const page = await call("GET", `/journal?format=summary&limit=${PAGE}${older}`).catch(() => null);
    if (!page || began !== epoch) return;
    exchanges.get().add(page.exchanges);
    exchanges.set(exchanges.get());
    dropped.set(page.dropped);
    before = page.exchanges.length === PAGE ? page.exchanges[0].number : 0;
  } while (before > 1);
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
