/** Traffic: a row for each exchange, the newest first; filters that stand in the URL; the open one beside them. */

import { belowBase, call, save } from "../api.js";
import { visible } from "../format.js";
import { happened } from "../happened.js";
import { dropped, exchanges } from "../model.js";
import { change, closeByKey, go, hash, route } from "../route.js";
import { use } from "../store.js";
import { ask, attempt, clockTime, Empty, Status, span } from "../ui/basics.js";
import { Cell, Head, Rows, useNarrow } from "../ui/rows.js";
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact.js";
import { ExchangeView } from "./exchange.js";

/** @typedef {import("../types.js").Brief} Brief @typedef {import("../types.js").Params} Params */

const INTERACTIONS = ["create", "read", "vread", "search-type", "update", "history-instance", "validate", "capabilities", "token"];
/** The words of the pages for FHIR's codes, and others that say more than the code. */
export const NAMES = new Map([
  ["none", "no answer"],
  ["capabilities", "metadata"],
  ["create", "register"],
  ["update", "cancel"],
  ["search-type", "search"],
  ["history-instance", "history"],
]);
const STATUSES = ["2xx", "3xx", "4xx", "5xx", "refused", "none"];

/** @param {Params} params @param {ReadonlySet<number> | null} ofPatient @returns {(brief: Brief) => boolean} */
function filter({ text = "", status = "", interaction = "", client = "", fault = "", id = "" }, ofPatient) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (brief) => {
    return (
      (!words.length || hasWords(brief, words)) &&
      (!status || hasStatus(brief, status)) &&
      (!interaction || brief.interaction === interaction) &&
      (!client || brief.client === client) &&
      (!id || brief.id === id) &&
      (!fault || (fault === "any" ? brief.faults.length > 0 : brief.faults.includes(fault))) &&
      (!ofPatient || ofPatient.has(brief.number))
    );
  };
}

/** @param {Brief} brief @param {string[]} words in lower case */
function hasWords({ number, method, path, query = "", why = "", client = "", faults, status, ended }, words) {
  const all = `${number} ${method} ${path}?${query} ${why} ${client} ${faults} ${status ?? ended}`.toLowerCase();
  return words.every((each) => all.includes(each));
}

/** @param {Brief} brief @param {string} wanted */
function hasStatus({ status, ended }, wanted) {
  if (wanted === "none") return status === null && ended !== "under way";
  if (wanted === "refused") return status !== null && status >= 400;
  return status !== null && (`${status}` === wanted || `${Math.floor(status / 100)}xx` === wanted);
}

/** The numbers of a patient's exchanges, as the sandbox itself finds them. @param {string} patient @returns {ReadonlySet<number> | null} */
function usePatient(patient) {
  const seen = use(happened).exchanges;
  const [found, setFound] = useState(/** @type {ReadonlySet<number> | null} */ (null));
  const given = /^\d{10}$/.test(patient);
  useEffect(() => {
    if (!given) return setFound(null);
    const timer = setTimeout(
      () =>
        call("GET", `/journal?format=summary&patient=${patient}`)
          .then((told) => setFound(new Set(told.exchanges.map((/** @type {Brief} */ each) => each.number))))
          .catch(() => setFound(new Set())),
      150,
    );
    return () => clearTimeout(timer);
  }, [patient, seen, given]);
  return given ? (found ?? new Set()) : null;
}

export function Traffic() {
  const { params } = use(route);
  const known = use(exchanges);
  const ofPatient = usePatient(params.patient ?? "");
  const narrow = useNarrow();
  const rows = useMemo(() => known.newest(filter(params, ofPatient)), [known, known.changes, JSON.stringify(params), ofPatient]);
  const open = Number(params.open) || undefined;
  const show = (/** @type {Brief} */ brief) => change({ open: `${brief.number}` }, { push: true });
  return html`<section class=${`split${open ? " opened" : ""}`} aria-label="Traffic" onKeyDown=${closeByKey}>
    <h1 class="hidden">Traffic</h1>
    <div class="list">
      <${Filters} params=${params} known=${known} count=${rows.length} />
      ${
        known.size === 0
          ? html`<${Nothing} />`
          : rows.length === 0
            ? html`<${NoMatch} />`
            : html`<${Rows} kind="traffic" label="Exchanges" rows=${rows} height=${narrow ? 62 : 34} open=${open} onOpen=${show}
          keyOf=${(/** @type {Brief} */ each) => each.number} heads=${heads} cells=${cells} />`
      }
    </div>
    ${
      open
        ? html`<${ExchangeView} key=${open} number=${open} brief=${known.find(open)}
      newer=${rows[rows.findIndex((each) => each.number === open) - 1]?.number} older=${rows[rows.findIndex((each) => each.number === open) + 1]?.number} />`
        : ""
    }
  </section>`;
}

const heads = html`<${Head} kind="c-time">Time<//><${Head} kind="c-status">Status<//><${Head} kind="c-what">Request<//>
  <${Head} kind="c-why">Why it was refused, and faults<//><${Head} kind="c-client">Client<//><${Head} kind="c-took">Took<//>`;

/** @param {Brief} brief */
const cells = (
  brief,
) => html`<${Cell} kind="c-time">${clockTime(brief.at)}<//><${Cell} kind="c-status"><${Status} status=${brief.status} ended=${brief.ended} /><//>
  <${Cell} kind="c-what"><b>${brief.method}</b> ${visible(belowBase(brief.path))}${brief.query ? html`<span class="quiet">?${readable(brief.query)}</span>` : ""}<//>
  <${Cell} kind="c-why">${brief.faults.map((each) => html`<span class="chip fault">⚡ ${each}</span>`)}${reason(brief)}<//>
  <${Cell} kind="c-client">${visible(brief.client ?? "")}<//><${Cell} kind="c-took">${span(brief.duration_s)}<//>`;

/** Why it was refused; or what it waits for; or that the client cannot know what happened. @param {Brief} brief */
function reason({ why, state, status, written }) {
  if (state !== "done") return `${state} …`;
  const lost = status === null ? "No answer" : "";
  const kept = written && (status === null || status >= 500) ? "the write took place" : "";
  return visible([why ?? lost, kept].filter(Boolean).join("; "));
}

/** @param {string} query */
export function readable(query) {
  try {
    return visible(decodeURIComponent(query));
  } catch {
    return query;
  }
}

/** @param {{params: Params, known: import("../exchanges.js").Exchanges, count: number}} props */
function Filters({ params, known, count }) {
  const gone = use(dropped);
  const [clients, rules] = [[...known.clients].sort(), [...known.rules].sort()];
  const input =
    (/** @type {string} */ name) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      change({ [name]: target.value });
  const select = (
    /** @type {string} */ name,
    /** @type {string} */ label,
    /** @type {string[]} */ values,
  ) => html`<select aria-label=${label} value=${params[name] ?? ""} onChange=${input(name)}>
    <option value="">${label}</option>${values.map((each) => html`<option value=${each} selected=${params[name] === each}>${NAMES.get(each) ?? each}</option>`)}</select>`;
  const filtered = ["text", "status", "interaction", "client", "fault", "patient", "id"].some((each) => params[each]);
  const clear = async () => {
    if (await ask("Clear the journal?", "Every finished exchange is forgotten, for all who use this sandbox.", "Clear it"))
      await attempt(() => call("DELETE", "/journal"), "The journal is empty.");
  };
  const har = () => attempt(async () => save("sandbox.har", JSON.stringify(await call("GET", "/journal?format=har"))));
  return html`<div class="bar filters" role="search" aria-label="Filters">
    <input type="search" class="grow" aria-label="Filter by text" placeholder="Filter: path, client, reason …" value=${params.text ?? ""} onInput=${input("text")} />
    ${select("status", "Any status", STATUSES)}${select("interaction", "Any interaction", INTERACTIONS)}${select("client", "Any client", clients)}${select("fault", "Any fault", ["any", ...rules])}
    <input class="number" inputmode="numeric" aria-label="Patient" placeholder="NHS number" value=${params.patient ?? ""} onInput=${input("patient")} />
    ${params.id ? html`<button class="chip" onClick=${() => change({ id: "" })}>appointment ${params.id} ✕</button>` : ""}
    <span class="quiet" role="status">${filtered ? `${count} of ${known.size}` : `${known.size} ${known.size === 1 ? "exchange" : "exchanges"}`}${gone ? `, ${gone} older dropped` : ""}</span>
    ${filtered ? html`<button class="small" onClick=${() => go("traffic")}>Show all</button>` : ""}
    <button class="small" onClick=${har}>HAR</button><button class="small" onClick=${clear}>Clear …</button></div>`;
}

const Nothing = () => html`<${Empty} title="No exchange yet.">Point your client at the address above, or send a first request in${" "}
  <a href=${hash("try")}>Try it</a>. Every request shows here at once, with the reason if it was refused.<//>`;
const NoMatch = () => html`<${Empty} title="No exchange fits these filters."><button onClick=${() => go("traffic")}>Show all exchanges</button><//>`;
