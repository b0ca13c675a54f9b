/** Clock: now; freeze, advance, set; and what the coming time changes. */

import { call, place } from "../api.js";
import { appointments, clock, faults, loadAppointments, loadFaults, nowIs, showClock } from "../model.js";
import { hash } from "../route.js";
import { use } from "../store.js";
import { attempt, day, Empty, Field } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { minted } from "./tokens.js";

const STEPS = [
  ["-1d", "1 day back"],
  ["1m", "+1 min"],
  ["5m", "+5 min"],
  ["1h", "+1 h"],
  ["1d", "+1 day"],
  ["7d", "+1 week"],
];
const DAYS = [1, 3, 7, 30];
const SHOWN = 60;

/** Now on the sandbox's clock, shown anew every second. */
export function useNow() {
  const { frozen } = use(clock);
  const [, tick] = useState(0);
  useEffect(() => {
    if (frozen) return;
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, [frozen]);
  return nowIs();
}

/** @param {object} wanted @param {string} [done] */
const put = (wanted, done) => attempt(async () => showClock(await call("PUT", "/clock", wanted)), done);

export function ClockView() {
  const { frozen } = use(clock);
  const now = useNow();
  const [set, setSet] = useState("");
  const shown = Number.isNaN(now) ? "" : new Date(now).toISOString();
  return html`<section class="page" aria-label="Clock"><h1>Clock</h1>
    <p class="lead">Tokens, searches, faults and <code>lastUpdated</code> go by this clock. Move it, and see what your client does.</p>
    <p class="bigtime"><time>${shown.slice(0, 10)} <b>${shown.slice(11, 19)}</b> UTC</time> ${frozen ? html`<span class="chip frozen">frozen</span>` : html`<span class="chip">ticking</span>`}</p>
    <div class="bar"><button class="primary" onClick=${() => put({ frozen: !frozen }, frozen ? "The clock ticks." : "The clock stands still.")}>${frozen ? "Let it tick" : "Freeze it"}</button>
      ${STEPS.map(([advance, label]) => html`<button onClick=${() => put({ advance })}>${label}</button>`)}</div>
    <form class="bar" aria-label="Set the clock" onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      put({ now: set }, "The clock is set.");
    }}>
      <${Field} label="Set it to"><input value=${set} placeholder=${shown.replace(/\.\d+/, "")} onInput=${(/** @type {{target: HTMLInputElement}} */ { target }) => setSet(target.value)} /><//>
      <button>Set</button><button type="button" class="small" onClick=${() => setSet("2019-01-18T09:00:00Z")}>the time of the published samples</button></form>
    <${Coming} now=${now} /></section>`;
}

/** @param {{now: number}} props */
function Coming({ now }) {
  const [days, setDays] = useState(3);
  const { loaded, entries } = use(appointments);
  const { loaded: known, rules } = use(faults);
  const here = use(place).workspace;
  const tokens = use(minted).filter(({ workspace }) => workspace === here);
  useEffect(() => {
    if (!loaded) loadAppointments();
    if (!known) loadFaults();
  }, []);
  const last = now + days * 86_400_000;
  const events = [
    ...[...entries.values()].map(({ id, end, patients }) => ({
      key: `appointment ${id}`,
      at: Date.parse(end),
      what: html`<a href=${hash("appointments", { open: id })}>${id}</a> (${patients.join(", ")}) is past: a search does not find it any more`,
    })),
    ...rules
      .filter(({ until }) => until)
      .map(({ id, until }) => ({
        key: `fault ${id}`,
        at: Date.parse(until ?? ""),
        what: html`the fault <a href=${hash("faults", { open: id })}>${id}</a> ends`,
      })),
    ...tokens.map(({ what, expires }, at) => ({
      key: `token ${tokens.length - at}`,
      at: expires,
      what: html`the token "${what}" that was minted here expires`,
    })),
  ]
    .filter(({ at }) => at > now && at <= last)
    .sort((one, other) => one.at - other.at);
  return html`<div class="bar"><h2 class="grow">What comes</h2><label>within <select value=${days} onChange=${(/** @type {{target: HTMLSelectElement}} */ { target }) => setDays(Number(target.value))}>
      ${DAYS.map((each) => html`<option value=${each} selected=${each === days}>${each} day${each > 1 ? "s" : ""}</option>`)}</select></label></div>
    ${
      events.length === 0
        ? html`<${Empty} title="Nothing changes in this time.">Look further ahead, or mint a token in <a href=${hash("tokens")}>Tokens</a>: it shows here when it expires.<//>`
        : html`<ol class="timeline">${events.slice(0, SHOWN).map(
            ({
              key,
              at,
              what,
            }) => html`<li key=${key} class="bar tight"><span class="when">${day(new Date(at).toISOString())}</span><span class="grow">${what}</span>
        <button class="small" aria-label=${`Go there: just after ${day(new Date(at).toISOString())}`} onClick=${() => put({ now: new Date(at + 1_000).toISOString() }, "The clock is set to just after it.")}>Go there</button></li>`,
          )}</ol>`
    }
    ${events.length > SHOWN ? html`<p class="quiet">and ${events.length - SHOWN} more</p>` : ""}`;
}
