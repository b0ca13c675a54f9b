/** The page: its head, its views, and which of them is shown. */

import { call, has, keepControlToken, place } from "./api.js";
import { happened } from "./happened.js";
import { begin, clock, link } from "./model.js";
import { hash, route } from "./route.js";
import { use } from "./store.js";
import { ask, attempt, Copy, Field, Notes, Question } from "./ui/basics.js";
import { html, render, useEffect, useErrorBoundary, useState } from "./vendor/htm-preact.js";
import { Appointments } from "./views/appointments.js";
import { ClockView, useNow } from "./views/clock.js";
import { Exam } from "./views/exam.js";
import { Faults } from "./views/faults.js";
import { Tokens } from "./views/tokens.js";
import { Traffic } from "./views/traffic.js";
import { Try } from "./views/try.js";
import { Verdict } from "./views/verdict.js";
import { loadWorkspaces, show, Workspaces, workspaces } from "./views/workspaces.js";

/** `whole`: it is not of the workspace that is shown. @type {{name: string, title: string, view: () => unknown, needs?: string, whole?: boolean}[]} */
const VIEWS = [
  { name: "traffic", title: "Traffic", view: Traffic },
  { name: "appointments", title: "Appointments", view: Appointments },
  { name: "faults", title: "Faults", view: Faults },
  { name: "tokens", title: "Tokens", view: Tokens },
  { name: "try", title: "Try it", view: Try },
  { name: "clock", title: "Clock", view: ClockView },
  { name: "verdict", title: "Verdict", view: Verdict, needs: "/verdict" },
  { name: "exam", title: "Exam", view: Exam, needs: "/exam", whole: true },
  { name: "workspaces", title: "Workspaces", view: Workspaces, needs: "/workspaces", whole: true },
];
const LINKS = new Map([
  ["connecting", "connecting …"],
  ["live", "live"],
  ["lost", "no connection …"],
  ["gone", "not there"],
]);

function App() {
  const { view, params } = use(route);
  const { paths, base, workspace, locked } = use(place);
  const wanted = params.w ?? "";
  const offered = VIEWS.filter(({ needs }) => !needs || has(needs));
  const shown = offered.find((each) => each.name === view) ?? VIEWS[0];
  useEffect(() => {
    attempt(() => begin(wanted));
  }, [wanted]);
  const { workspaces: changes } = use(happened);
  useEffect(() => {
    if (has("/workspaces")) loadWorkspaces();
  }, [paths, changes]);
  useEffect(() => {
    document.title = `${shown?.title}${workspace ? ` (${workspace})` : ""} · Appointment Registry Sandbox`;
  }, [shown, workspace]);
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => {
    event.preventDefault();
    document.getElementById("main")?.focus();
  }}>Skip to the content</a>
    <${Top} />
    <nav aria-label="Views">${offered.map(({ name, title }) => html`<a key=${name} href=${hash(name)} aria-current=${name === shown?.name ? "page" : "false"}>${title}</a>`)}</nav>
    <main id="main" tabindex="-1">${locked ? html`<${Unlock} />` : base && wanted === workspace ? html`<${Shown} view=${shown} />` : ""}</main>
    <${Notes} /><${Question} />`;
}

/** @param {{view: typeof VIEWS[number] | undefined}} props */
function Shown({ view }) {
  const { workspace } = use(place);
  const { state } = use(link);
  if (!has("/clock"))
    return html`<${Elsewhere} title="The console is on another port">The control plane has a port of its own here, and the console is there: open the address that the
      sandbox named when it started (<code>a console:</code>). This port has the registry alone.<//>`;
  if (state === "gone" && !view?.whole)
    return html`<${Elsewhere} title=${`There is no workspace ${workspace}`}>It was never made, or it was deleted, or not used for its time to live, or the sandbox was started again.
      <div class="bar"><button class="primary" onClick=${() => show("")}>Show the workspace without a name</button><a class="button" href=${hash("workspaces")}>All workspaces</a></div><//>`;
  return html`<${Guarded} key=${`${view?.name} ${workspace}`} view=${view?.view} />`;
}

/** @param {{title: string, children?: unknown}} props */
const Elsewhere = ({ title, children }) => html`<section class="page"><h1>${title}</h1><div>${children}</div></section>`;

/** @param {{view: () => unknown}} props */
function Guarded({ view }) {
  const [error, again] = useErrorBoundary();
  if (error)
    return html`<section class="page"><h1>This view failed</h1><p class="note bad">${`${error instanceof Error ? error.message : error}`}</p><button onClick=${again}>Show it again</button></section>`;
  return html`<${view} />`;
}

function Top() {
  const { base, workspace } = use(place);
  const { state } = use(link);
  const reset = async () => {
    if (
      await ask(
        workspace ? `Reset the workspace ${workspace}?` : "Reset the sandbox?",
        "Appointments, faults, clock and journal return to the state at the start, for all who use it.",
        "Reset it",
      )
    )
      await attempt(() => call("POST", "/reset"), "As at the start.");
  };
  return html`<header><a class="brand" aria-label="Appointment Registry Sandbox" href=${hash("traffic")}><img src="console/icon.svg" alt="" width="26" height="26" /><span><span class="long">Appointment Registry </span><b>Sandbox</b></span></a>
    <${Which} workspace=${workspace} />
    <span class="base wrap"><code>${base}</code>${base ? html`<${Copy} label="Copy" text=${base} />` : ""}</span><span class="grow"></span>
    <${Now} /><span class=${`link ${state}`} role="status">${LINKS.get(state)}</span><button class="small" onClick=${reset}>Reset …</button></header>`;
}

/** @param {{workspace: string}} props */
function Which({ workspace }) {
  const listed = use(workspaces);
  if (!has("/workspaces")) return "";
  const names = [...new Set(["", ...listed.map(({ name }) => name), workspace])];
  return html`<label class="which">Workspace <select value=${workspace} onChange=${(/** @type {{target: HTMLSelectElement}} */ { target }) => show(target.value)}>
    ${names.map((name) => html`<option value=${name} selected=${name === workspace}>${name || "(without a name)"}</option>`)}</select></label>`;
}

function Now() {
  const { frozen, now: known } = use(clock);
  const now = useNow();
  if (!known) return "";
  const shown = new Date(now).toISOString();
  return html`<a class="now" href=${hash("clock")}>${shown.slice(0, 10)} ${shown.slice(11, 19)} <span class="quiet">UTC</span>${frozen ? html` <span class="chip frozen">frozen</span>` : ""}</a>`;
}

function Unlock() {
  const [token, setToken] = useState("");
  const open = (/** @type {Event} */ event) => {
    event.preventDefault();
    keepControlToken(token);
    return attempt(() => begin(place.get().workspace));
  };
  return html`<section class="page"><h1>This sandbox wants its control token</h1><p>It was started with <code>--control-token</code>. The token is kept for this tab only.</p>
    <form class="bar" onSubmit=${open}><${Field} label="Control token"><input type="password" autocomplete="off" value=${token} onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => setToken(target.value)} /><//><button class="primary">Open</button></form></section>`;
}

const page = document.createElement("div");
page.id = "page";
document.body.append(page);
document.getElementById("waiting")?.remove();
render(html`<${App} />`, page);
