/** Small parts that every view uses: messages, questions, copying, badges, times. */

import { visible } from "../format.js";
import { store, use } from "../store.js";
import { html, useEffect, useRef, useState } from "../vendor/htm-preact.js";

/** @typedef {{id: number, bad: boolean, text: string}} Note */

/** @type {import("../store.js").Store<Note[]>} */
const notes = store(/** @type {Note[]} */ ([]));
const asked = store(/** @type {null | {title: string, text: string, yes: string, answer: (yes: boolean) => void}} */ (null));
const SHOWN = 5_000;
let count = 0;

/** Tell something. What went wrong stays until it is dismissed. @param {string} text @param {{bad?: boolean}} [how] */
export function tell(text, { bad = false } = {}) {
  const id = ++count;
  if (!notes.get().some((each) => each.text === text && each.bad === bad)) notes.set([...notes.get(), { id, bad, text }]);
  if (!bad) setTimeout(() => dismiss(id), SHOWN);
}

/** @param {number} id */
const dismiss = (id) => notes.set(notes.get().filter((each) => each.id !== id));

/** Do something that may be refused, and tell how it went. @param {() => Promise<unknown>} work @param {string} [done] */
export async function attempt(work, done = "") {
  try {
    const value = await work();
    if (done) tell(done);
    return value ?? true;
  } catch (error) {
    tell(error instanceof Error ? error.message : `${error}`, { bad: true });
    return false;
  }
}

/** Ask before something is destroyed. @param {string} title @param {string} text @param {string} yes @returns {Promise<boolean>} */
export const ask = (title, text, yes) => new Promise((answer) => asked.set({ title, text, yes, answer }));

export function Notes() {
  return html`<div class="notes" aria-live="polite">${use(notes).map(
    ({ id, bad, text }) => html`<div key=${id} class=${bad ? "note bad" : "note"} role=${bad ? "alert" : "status"}>
      <span>${text}</span><button class="plain" aria-label="Dismiss" onClick=${() => dismiss(id)}>✕</button></div>`,
  )}</div>`;
}

export function Question() {
  const question = use(asked);
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    if (question && !dialog.current?.open) dialog.current?.showModal();
  }, [question]);
  const close = (/** @type {boolean} */ yes) => {
    dialog.current?.close();
    asked.set(null);
    question?.answer(yes);
  };
  return html`<dialog ref=${dialog} aria-labelledby="question" onCancel=${() => close(false)}>
    <h2 id="question">${question?.title}</h2><p>${question?.text}</p>
    <div class="bar end"><button onClick=${() => close(false)}>Keep</button>
    <button class="danger" onClick=${() => close(true)}>${question?.yes}</button></div></dialog>`;
}

/** @param {{text: string | (() => string | Promise<string>), label: string}} props */
export function Copy({ text, label }) {
  const [done, setDone] = useState(false);
  const copy = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setDone(true);
      setTimeout(() => setDone(false), 1_500);
    });
  return html`<button class="small" onClick=${copy}>${done ? "Copied ✓" : label}</button>`;
}

/** @param {{status: number | null, ended?: string}} props */
export function Status({ status, ended = "" }) {
  const kind = status === null ? (ended === "under way" ? "waits" : "none") : `s${Math.floor(status / 100)}`;
  const words = status ?? (ended === "under way" ? "waiting" : ended || "no answer");
  return html`<span class=${`status ${kind}`}>${words}</span>`;
}

/** @param {{title: string, children?: unknown}} props */
export const Empty = ({ title, children }) => html`<div class="empty"><p class="title">${title}</p><div>${children}</div></div>`;

/** A text in which backticks mark code. @param {{text: string}} props */
export const Prose = ({ text }) =>
  html`<span>${visible(text)
    .split("`")
    .map((part, at) => (at % 2 ? html`<code>${part}</code>` : part))}</span>`;

/** @param {string} at an instant */
export const clockTime = (at) => at.slice(11, 23);

/** @param {string} at an instant @returns {string} */
export function day(at) {
  const read = new Date(at);
  return Number.isNaN(read.getTime()) ? at : `${read.toISOString().slice(0, 10)} ${read.toISOString().slice(11, 16)}`;
}

/** @param {number} seconds */
export const span = (seconds) => (seconds < 1 ? `${(seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`);

/** @param {{label: string, children?: unknown}} props */
export const Field = ({ label, children }) => html`<label class="field"><span>${label}</span>${children}</label>`;
