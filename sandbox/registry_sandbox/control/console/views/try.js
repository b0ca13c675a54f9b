/** Try it: the contract's calls with the seeded samples, and every documented error, one click each. */

import { mint, place } from "../api.js";
import { CALLS } from "../data/calls.js";
import { ERRORS } from "../data/errors.js";
import { send, unseen } from "../send.js";
import { use } from "../store.js";
import { attempt, Status } from "../ui/basics.js";
import { Result } from "../ui/result.js";
import { html, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../types.js").Answer} Answer @typedef {import("../data/calls.js").Making} Making */

/** @param {string} base @returns {import("../data/calls.js").Tools} */
const tools = (base) => ({
  base,
  token: async (query = "") => ({ Authorization: `Bearer ${await mint(query)}` }),
  read: async (id) => {
    const headers = { Authorization: `Bearer ${await mint()}`, Accept: "application/fhir+json" };
    const answer = await fetch(`${base}/Appointment/${id}`, { headers, cache: "no-store" }).catch(() => null);
    if (!answer) throw new Error(`The appointment could not be read first. ${unseen(base)}`);
    return answer.text();
  },
});

export function Try() {
  const { base } = use(place);
  const [shown, setShown] = useState(/** @type {{name: string, answer: Answer} | null} */ (null));
  const [busy, setBusy] = useState("");
  const run = (/** @type {string} */ name, /** @type {Making} */ make) =>
    attempt(async () => {
      setBusy(name);
      try {
        setShown({ name, answer: await send(await make(tools(base))) });
      } finally {
        setBusy("");
      }
    });
  const button = (/** @type {string} */ name, /** @type {Making} */ make) =>
    html`<button class="small" aria-label=${`Send: ${name}`} disabled=${busy !== ""} onClick=${() => run(name, make)}>${busy === name ? "…" : "Send"}</button>`;
  const answer = (/** @type {string} */ name) => (shown?.name === name ? html`<${Result} answer=${shown.answer} />` : "");
  return html`<section class="page" aria-label="Try it"><h1>Try it</h1>
    <p class="lead">The FHIR base is <code>${base}</code>. Each button sends one request, with a token of its own, and shows and explains the answer; it is in Traffic too.</p>
    <h2>The calls of the contract</h2>
    <ul class="cards">${CALLS.map(({ name, about, make }) => html`<li class="card" key=${name}><div class="bar tight"><b>${name}</b><span class="grow quiet">${about}</span>${button(name, make)}</div>${answer(name)}</li>`)}</ul>
    <h2>Every documented error</h2><p>The errors of the contract, provoked one by one. The cancels go to <code>booked-tomorrow</code>, and are refused; nothing changes.</p>
    <div class="table" role="region" aria-label="Documented errors" tabindex="0"><table><thead><tr><th>Status</th><th>When</th><th>Spine code</th><th>Try it</th></tr></thead><tbody>${ERRORS.map(
      ({
        status,
        when,
        code,
        make,
      }) => html`<tr key=${when}><td><${Status} status=${status} /></td><td>${when}</td><td><code>${code}</code></td><td class="actions">${button(when, make)}</td></tr>
        ${shown?.name === when ? html`<tr key=${`${when} answer`}><td colspan="4">${answer(when)}</td></tr>` : ""}`,
    )}</tbody></table></div></section>`;
}
