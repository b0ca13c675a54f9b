/** One appointment: its versions as a timeline, who wrote each, and the difference of any two. */

import { call } from "../api.js";
import { visible } from "../format.js";
import { exchanges } from "../model.js";
import { change, hash } from "../route.js";
import { use } from "../store.js";
import { Copy, day } from "../ui/basics.js";
import { Body, Diff } from "../ui/body.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../types.js").Entry} Entry */

/** @param {{id: string, entry?: Entry}} props */
export function AppointmentView({ id, entry }) {
  const [versions, setVersions] = useState(/** @type {any[]} */ ([]));
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState({ from: 0, to: 0 });
  useEffect(() => {
    call("GET", `/appointments/${encodeURIComponent(id)}`).then(
      (told) => {
        setVersions(told.versions);
        setChosen({ from: Math.max(told.versions.length - 1, 1), to: told.versions.length });
      },
      (refused) => setProblem(refused.message),
    );
  }, [id, entry?.versions, entry?.updated]);
  const current = versions.at(-1);
  const [before, after] = [chosen.from, chosen.to].map((each) => JSON.stringify(versions[each - 1] ?? ""));
  return html`<aside class="detail" aria-label=${`Appointment ${id}`}>
    <div class="bar"><button class="small" onClick=${() => change({ open: "" })}>✕ Close</button><span class="grow"></span>
      <a class="button small" href=${hash("traffic", { id })}>Its traffic</a><${Copy} label="Copy id" text=${id} /></div>
    ${problem ? html`<p class="note bad">${problem}</p>` : ""}
    <h2 class="request">${id}</h2>
    ${
      current
        ? html`<div><p class="facts"><span class=${`state ${current.status}`}>${current.status}</span> · ${day(current.start ?? "")} to ${day(current.end ?? "")} · ${patient(current)}</p>
      <p class="facts wrap">Pointer ${current.identifier?.[0]?.value ?? ""}</p>
      <section aria-label="Versions"><h3>Versions</h3><ol class="timeline">${versions.map((version, at) => html`<${Step} version=${version} number=${at + 1} id=${id} />`)}</ol></section>
      ${
        versions.length > 1
          ? html`<section aria-label="Difference"><h3>Difference</h3><div class="bar">
        ${pick("From version", chosen.from, versions.length, (from) => setChosen({ ...chosen, from }))}${pick("to version", chosen.to, versions.length, (to) => setChosen({ ...chosen, to }))}</div>
        <${Diff} before=${before} after=${after} label=${`Version ${chosen.from} to ${chosen.to}`} /></section>`
          : ""
      }
      <section aria-label="Resource"><h3>Version ${chosen.to} as it is stored</h3><${Body} text=${after} label="Appointment" /></section></div>`
        : ""
    }</aside>`;
}

/** @param {any} resource */
function patient(resource) {
  const actor = resource.participant?.[0]?.actor ?? {};
  return visible(`${actor.identifier?.value ?? actor.reference ?? ""} ${actor.display ?? ""}`);
}

/** @param {string} label @param {number} value @param {number} count @param {(value: number) => void} choose */
const pick = (
  label,
  value,
  count,
  choose,
) => html`<label>${label} <select value=${value} onChange=${(/** @type {{target: HTMLSelectElement}} */ { target }) => choose(Number(target.value))}>
  ${Array.from({ length: count }, (_, at) => html`<option value=${at + 1} selected=${at + 1 === value}>${at + 1}</option>`)}</select></label>`;

/** @param {{version: any, number: number, id: string}} props */
function Step({ version, number, id }) {
  const known = use(exchanges);
  const writer = known.writer(`Appointment/${id}/_history/${number}`);
  const fired = writer === undefined ? [] : (known.find(writer)?.faults ?? []);
  return html`<li><b>${number}</b> <span class=${`state ${version.status}`}>${version.status}</span> <span class="quiet">${day(version.meta?.lastUpdated ?? "")}</span>
    ${
      writer === undefined
        ? html` <span class="quiet">seeded, or not in the journal any more</span>`
        : html` by <b>${known.find(writer)?.client ?? "somebody"}</b> in <a href=${hash("traffic", { open: `${writer}` })}>exchange ${writer}</a>`
    }
    ${fired.map((each) => html` <a class="chip fault" href=${hash("faults", { open: each })}>⚡ ${each}</a>`)}</li>`;
}
