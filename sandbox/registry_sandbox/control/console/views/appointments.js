/** Appointments: what the registry holds, by patient and state; past ones and all versions too. */

import { appointments, loadAppointments, nowIs } from "../model.js";
import { change, closeByKey, go, route } from "../route.js";
import { use } from "../store.js";
import { day, Empty } from "../ui/basics.js";
import { Cell, Head, Rows, useNarrow } from "../ui/rows.js";
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact.js";
import { AppointmentView } from "./appointment.js";
import { Seed } from "./seed.js";

/** @typedef {import("../types.js").Entry} Entry @typedef {import("../types.js").Params} Params */

const STATES = ["booked", "cancelled", "entered-in-error", "past", "coming"];

/** @param {Entry} entry */
const isPast = ({ end }) => Date.parse(end) < nowIs();

/** @param {Params} params @returns {(entry: Entry) => boolean} */
function filter({ text = "", state = "" }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (entry) => {
    if (state === "past" || state === "coming") {
      if (isPast(entry) !== (state === "past")) return false;
    } else if (state && entry.status !== state) return false;
    const all = `${entry.id} ${entry.patients} ${entry.pointer} ${entry.start}`.toLowerCase();
    return words.every((each) => all.includes(each));
  };
}

export function Appointments() {
  const { params } = use(route);
  const { loaded, entries } = use(appointments);
  const [seeding, setSeeding] = useState(false);
  const narrow = useNarrow();
  useEffect(() => {
    if (!loaded) loadAppointments();
  }, [loaded]);
  const rows = useMemo(
    () => [...entries.values()].filter(filter(params)).sort((one, other) => other.updated.localeCompare(one.updated)),
    [appointments.get(), params.text, params.state],
  );
  const input =
    (/** @type {string} */ name) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      change({ [name]: target.value });
  const show = (/** @type {Entry} */ entry) => change({ open: entry.id }, { push: true });
  return html`<section class=${`split${params.open ? " opened" : ""}`} aria-label="Appointments" onKeyDown=${closeByKey}>
    <h1 class="hidden">Appointments</h1>
    <div class="list">
      <div class="bar filters" role="search" aria-label="Filters"><input type="search" class="grow" aria-label="Filter by text" placeholder="Filter: patient, id, pointer …" value=${params.text ?? ""} onInput=${input("text")} />
        <select aria-label="State" value=${params.state ?? ""} onChange=${input("state")}><option value="">Any state</option>${STATES.map((each) => html`<option value=${each} selected=${params.state === each}>${each}</option>`)}</select>
        <span class="quiet" role="status">${rows.length === entries.size ? `${rows.length} ${rows.length === 1 ? "appointment" : "appointments"}` : `${rows.length} of ${entries.size}`}</span>
        <button class="small" aria-expanded=${seeding} onClick=${() => setSeeding(!seeding)}>${seeding ? "Close the form" : "Add one …"}</button></div>
      ${seeding ? html`<${Seed} />` : ""}
      ${
        loaded && entries.size === 0
          ? html`<${Empty} title="The registry is empty.">Add an appointment with the form, or let your client register one.
        Without <code>--no-seed-data</code> the sandbox starts with a cast of samples.<//>`
          : loaded && rows.length === 0
            ? html`<${Empty} title="No appointment fits."><button onClick=${() => go("appointments")}>Show all</button><//>`
            : html`<${Rows} kind="appointments" label="Appointments" rows=${rows} height=${narrow ? 62 : 34} open=${params.open} onOpen=${show} keyOf=${(/** @type {Entry} */ each) => each.id} heads=${heads} cells=${cells} />`
      }
    </div>${params.open ? html`<${AppointmentView} key=${params.open} id=${params.open} entry=${entries.get(params.open)} />` : ""}</section>`;
}

const heads = html`<${Head} kind="c-state">State<//><${Head} kind="c-patient">Patient<//><${Head} kind="c-start">Start<//><${Head} kind="c-id">Id<//><${Head} kind="c-versions">Versions<//>`;

/** @param {Entry} entry */
const cells = (
  entry,
) => html`<${Cell} kind="c-state"><span class=${`state ${entry.status}`}>${entry.status}</span><//><${Cell} kind="c-patient">${entry.patients.join(", ")}<//>
  <${Cell} kind="c-start">${day(entry.start)}${isPast(entry) ? html` <span class="quiet">past</span>` : ""}<//><${Cell} kind="c-id">${entry.id}<//><${Cell} kind="c-versions">${entry.versions}<//>`;
