/** The tasks of an exam: what the client shall do, where, and how far it is. */

import { call } from "../api.js";
import { happened } from "../happened.js";
import { go } from "../route.js";
import { calmly, use } from "../store.js";
import { ask, attempt, Copy, Empty, Prose } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {{name: string, scenario?: string, client: string, state: string, base_url: string, token_url: string, environment?: Record<string, string>, acted?: boolean, messages?: string[], workspace?: string}} Task */

const DONE = ["pass", "warning", "fail", "inconclusive"];
const EVERY = 1_000;

export function Exam() {
  const [tasks, setTasks] = useState(/** @type {Task[]} */ ([]));
  const seen = use(happened);
  const load = () =>
    call("GET", "/exam", undefined, { whole: true }).then(
      (told) => setTasks(told.tasks),
      () => setTasks([]),
    );
  const [soon] = useState(() => calmly(() => load(), EVERY));
  const open = tasks.some((each) => !DONE.includes(each.state));
  useEffect(() => {
    load();
  }, [seen.exams]);
  useEffect(() => {
    soon();
  }, [seen.exchanges]);
  // The client acts in the task's own workspace, whose events do not come here.
  useEffect(() => {
    if (!open) return;
    const timer = setInterval(soon, 2 * EVERY);
    return () => clearInterval(timer);
  }, [open]);
  const change = (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body) =>
    attempt(async () => {
      await call(method, path, body, { whole: true });
      await load();
    });
  const end = async () => {
    if (await ask("End the exam?", "Its workspaces go, with what the client did in them.", "End it")) await change("DELETE", "/exam", undefined);
  };
  return html`<section class="page" aria-label="Exam"><div class="bar"><h1 class="grow">Exam</h1><button class="small" onClick=${() => change("POST", "/exam", {})}>${tasks.length ? "Start anew" : "Start the exam"}</button>
      ${tasks.length ? html`<button class="small" onClick=${end}>End it …</button>` : ""}</div>
    <p class="lead">Each task has a workspace of its own, with its own trouble. Let your client do what the task says, there; then say that it has acted.</p>
    ${
      tasks.length === 0
        ? html`<${Empty} title="No exam is going on.">An exam gives your client tasks, each in a workspace of its own with its own trouble, and judges how it copes.
      Start it here, or with <code>registry-sandbox exam</code>.<//>`
        : html`<p class="quiet" role="status">${tasks.filter(({ state }) => state === "pass").length} of ${tasks.length} passed</p>
        <ul class="cards">${tasks.map((task) => html`<${One} key=${task.name} task=${task} done=${() => change("POST", `/exam/${encodeURIComponent(task.name)}/done`, {})} />`)}</ul>`
    }</section>`;
}

/** @param {{task: Task, done: () => unknown}} props */
function One({ task, done }) {
  const name = task.base_url.match(/\/w\/([a-z0-9-]+)\//)?.[1] ?? "";
  const environment = Object.entries(task.environment ?? {})
    .map(([key, value]) => `${key}='${value.replaceAll("'", `'\\''`)}'`)
    .join("\n");
  return html`<li class="card"><div class="bar tight"><span class=${`grade ${task.state}`}>${task.state}</span><b class="grow">${task.name}</b>
      ${name ? html`<button class="small" onClick=${() => go("traffic", { w: name })}>Watch its traffic</button>` : ""}</div>
    <p><${Prose} text=${task.client} /></p>
    ${
      DONE.includes(task.state)
        ? ""
        : html`<p class="quiet wrap">Base <code>${task.base_url}</code> · tokens <code>${task.token_url}</code></p>
      <div class="bar">${environment ? html`<${Copy} label="Copy the environment" text=${environment} />` : ""}<button class=${task.acted ? "primary small" : "small"} onClick=${done}>My client has acted</button>${task.acted ? html`<span class="quiet">It seems so.</span>` : ""}</div>`
    }
    ${task.messages?.map((each) => html`<p class="hint"><${Prose} text=${each} /></p>`)}</li>`;
}
