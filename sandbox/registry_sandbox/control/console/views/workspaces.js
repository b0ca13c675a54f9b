/** Workspaces: list, make, switch to one, end one. */

import { call, place } from "../api.js";
import { happened } from "../happened.js";
import { go } from "../route.js";
import { store, use } from "../store.js";
import { ask, attempt, Copy, day, Empty, Field } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {{name: string, base_url: string, token_url: string, control_url: string, expires?: string, clients?: object[]}} Workspace */

export const workspaces = store(/** @type {Workspace[]} */ ([]));

export const loadWorkspaces = () =>
  call("GET", "/workspaces", undefined, { whole: true }).then(
    (told) => workspaces.set(told.workspaces),
    () => {},
  );

/** Show another workspace. @param {string} name */
export const show = (name) => go("traffic", { w: name });

export function Workspaces() {
  const listed = use(workspaces);
  const { workspace } = use(place);
  const { workspaces: changes } = use(happened);
  const [name, setName] = useState("");
  const [faults, setFaults] = useState("");
  useEffect(() => {
    loadWorkspaces();
  }, [changes]);
  const make = (/** @type {Event} */ event) => {
    event.preventDefault();
    return attempt(async () => {
      const rules = faults
        .split(";")
        .map((each) => each.trim())
        .filter(Boolean);
      const made = await call("POST", "/workspaces", { ...(name ? { name } : {}), ...(rules.length ? { faults: rules } : {}) }, { whole: true });
      await loadWorkspaces();
      setName("");
      show(made.name);
    }, "The workspace is there, and shown.");
  };
  const end = async (/** @type {string} */ each) => {
    if (!(await ask(`End the workspace ${each}?`, "Its appointments, faults and journal go, and every exchange in it ends.", "End it"))) return;
    await attempt(() => call("DELETE", `/workspaces/${encodeURIComponent(each)}`, undefined, { whole: true }), "It is gone.");
    if (each === workspace) show("");
    await loadWorkspaces();
  };
  return html`<section class="page" aria-label="Workspaces"><h1>Workspaces</h1>
    <p class="lead">A workspace is a registry of its own, with its own appointments, clock, faults and journal, so that tests that run side by side do not disturb each other.</p>
    <form class="panel grid" aria-label="Make a workspace" onSubmit=${make}><${Field} label="Name; empty: one is made up"><input value=${name} placeholder="team-a" onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => setName(target.value)} /><//>
      <${Field} label="Faults, in their short form"><input value=${faults} placeholder="cancel:503@x1; *:delay=200ms" onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => setFaults(target.value)} /><//>
      <div class="bar"><button class="primary">Make it</button></div></form>
    <ul class="cards"><${One} name="" shown=${workspace === ""} end=${end} />${listed.map((each) => html`<${One} key=${each.name} name=${each.name} about=${each} shown=${workspace === each.name} end=${end} />`)}</ul>
    ${listed.length === 0 ? html`<${Empty} title="No workspace but the one without a name.">Make one above; a test makes its own with <code>POST /_sandbox/workspaces</code>.<//>` : ""}</section>`;
}

/** @param {{name: string, shown: boolean, about?: Workspace, end: (name: string) => unknown}} props */
const One = ({
  name,
  shown,
  about,
  end,
}) => html`<li class=${shown ? "card open" : "card"}><div class="bar tight"><b class="grow wrap">${name || "(without a name)"}</b>
    ${shown ? html`<span class="chip">shown</span>` : html`<button class="small" aria-label=${`Show ${name || "the one without a name"}`} onClick=${() => show(name)}>Show</button>`}${name ? html`<button class="small" onClick=${() => end(name)}>End …</button>` : ""}</div>
  ${about ? html`<p class="quiet wrap"><code>${about.base_url}</code> ${about.expires ? `· until ${day(about.expires)}, unless it is used` : ""}</p><div class="bar"><${Copy} label="Copy the base URL" text=${about.base_url} /><${Copy} label="Copy the control URL" text=${about.control_url} /></div>` : ""}</li>`;
