/** Faults: what is in force, in words, with what matched and fired; what is held; the sentinels. */

import { call, save } from "../api.js";
import { visible } from "../format.js";
import { happened } from "../happened.js";
import { exchanges, faults, loadFaults } from "../model.js";
import { hash, route } from "../route.js";
import { use } from "../store.js";
import { ask, attempt, day, Empty, Prose } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { FaultForm } from "./fault_form.js";

/** @typedef {import("../types.js").Fault} Fault */

const SOURCES = new Map([
  ["http", "set over HTTP"],
  ["flag", "of --fault"],
  ["file", "of --fault-file"],
  ["setting", "of a setting"],
]);

const at = (/** @type {Fault} */ { id }) => `/faults/${encodeURIComponent(id)}`;

export function Faults() {
  const { loaded, rules } = use(faults);
  useEffect(() => {
    if (!loaded) loadFaults();
  }, [loaded]);
  const [own, sentinels] = [rules.filter(({ source }) => source !== "sentinel"), rules.filter(({ source }) => source === "sentinel")];
  const clear = async () => {
    if (await ask("Delete all faults that were set over HTTP?", "Those of flags, files and sentinels stay.", "Delete them"))
      await attempt(() => call("DELETE", "/faults"), "Deleted.");
  };
  const replay = () => attempt(async () => save("replay.yaml", await call("GET", "/faults/fired?format=yaml"), "application/yaml"));
  return html`<section class="page" aria-label="Faults"><h1>Faults</h1>
    <p class="lead">A fault makes the sandbox fail on purpose, so that you see what your client does then.</p>
    <${FaultForm} />
    <div class="bar"><h2 class="grow">In force</h2><button class="small" onClick=${replay}>What fired, as a fault file</button>
      ${own.some(({ source }) => source === "http") ? html`<button class="small" onClick=${clear}>Delete all …</button>` : ""}</div>
    ${loaded && own.length === 0 ? html`<${Empty} title="No fault is in force, but for the sentinels.">Choose what shall happen in the form above. Nothing fails until then.<//>` : ""}
    <ul class="cards">${own.map((rule) => html`<${Rule} key=${rule.id} rule=${rule} />`)}</ul>
    ${sentinels.length ? html`<h2>Sentinels</h2><p>Reserved NHS numbers that fail without any setting. Each has one appointment.</p><${Sentinels} rules=${sentinels} />` : ""}</section>`;
}

/** @param {{rule: Fault}} props */
function Rule({ rule }) {
  const { params } = use(route);
  const [misses, setMisses] = useState(/** @type {NonNullable<Fault["near_misses"]> | null} */ (null));
  const remove = async () => {
    if (rule.source !== "http" && !(await ask(`Delete ${rule.id}?`, `It came by ${rule.source}; a reset brings it back.`, "Delete it"))) return;
    await attempt(() => call("DELETE", at(rule)), `${rule.id} is deleted.`);
  };
  const why = () => attempt(async () => setMisses((await call("GET", at(rule))).near_misses));
  return html`<li class=${params.open === rule.id ? "card open" : "card"}><div class="bar tight"><b>${rule.id}</b> <span class="chip">${SOURCES.get(rule.source) ?? rule.source}</span><span class="grow"></span>
      <span class="counts">matched <b>${rule.matched}</b> · fired <b class=${rule.fired ? "hot" : ""}>${rule.fired}</b></span></div>
    <p><${Prose} text=${rule.words} /></p>
    <p class="quiet"><code>${visible(rule.short || JSON.stringify({ match: rule.match, when: rule.when, then: rule.then }))}</code>${rule.until ? ` until ${day(rule.until)}` : ""}</p>
    ${rule.then.hold ? html`<${Held} rule=${rule} />` : ""}
    <div class="bar"><a class="button small" href=${hash("traffic", { fault: rule.id })}>Where it fired</a><button class="small" onClick=${why}>Why did it not fire?</button><button class="small" onClick=${remove}>Delete</button></div>
    ${
      misses === null
        ? ""
        : misses.length === 0
          ? html`<p class="hint">No exchange came near it. It matches ${rule.words.split(":")[0]?.replace("On ", "")}.</p>`
          : html`<ul class="plain-list">${misses.map((miss) => html`<li>${miss.at.slice(11, 19)} ${miss.interaction ?? ""} ${miss.id ?? ""} ${miss.client ?? ""}: <b>${miss.why}</b></li>`)}</ul>`
    }</li>`;
}

/** @param {{rule: Fault}} props */
function Held({ rule }) {
  const [held, setHeld] = useState(/** @type {{exchange: number, method: string, path: string, client: string}[]} */ ([]));
  const { exchanges: seen } = use(happened);
  const look = () =>
    call("GET", `${at(rule)}/held`).then(
      (told) => setHeld(told.held),
      () => setHeld([]),
    );
  useEffect(() => {
    look();
  }, [seen, use(exchanges).changes]);
  const release = (/** @type {number | undefined} */ exchange) =>
    attempt(async () => {
      await call("POST", `${at(rule)}/release`, exchange === undefined ? undefined : { exchange });
      await look();
    });
  if (!held.length) return html`<p class="quiet">Nobody is held now.</p>`;
  return html`<ul class="plain-list" aria-label="Held exchanges">${held.map(
    (
      each,
    ) => html`<li class="bar tight"><a href=${hash("traffic", { open: `${each.exchange}` })}>#${each.exchange}</a> ${each.method} ${each.path} ${each.client}
    <button class="small" onClick=${() => release(each.exchange)}>Release</button></li>`,
  )}<li><button class="small" onClick=${() => release(undefined)}>Release all</button></li></ul>`;
}

/** @param {{rules: Fault[]}} props */
const Sentinels = ({
  rules,
}) => html`<div class="table" role="region" aria-label="Sentinels" tabindex="0"><table><thead><tr><th>NHS number</th><th>What happens</th><th class="n">Matched</th><th class="n">Fired</th></tr></thead>
  <tbody>${rules.map(({ id, match, words, matched, fired }) => html`<tr key=${id}><td><code>${match?.patient}</code></td><td><${Prose} text=${words.replace(` for the patient ${match?.patient}`, "")} /></td><td class="n">${matched}</td><td class="n">${fired}</td></tr>`)}</tbody></table></div>`;
