/** A form that seeds an appointment, as a story (docs/seeds.md). */

import { call } from "../api.js";
import { change } from "../route.js";
import { attempt, Field } from "../ui/basics.js";
import { html, useState } from "../vendor/htm-preact.js";

const FIRST = { patient: "9991000011", name: "Avery EXAMPLE", start: "+1d 09:30", end: "+1d 09:40", status: "booked", id: "", pointer: "" };
const LABELS = [
  ["patient", "Patient, an NHS number"],
  ["name", "Name, if any"],
  ["start", "Start: an instant, or +1d 09:30"],
  ["end", "End"],
  ["id", "Id; empty: one is made up"],
  ["pointer", "Pointer, a URL; empty: one is made up"],
];

export function Seed() {
  const [story, setStory] = useState(FIRST);
  const put =
    (/** @type {string} */ name) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      setStory({ ...story, [name]: target.value });
  const seed = (/** @type {Event} */ event) => {
    event.preventDefault();
    return attempt(async () => {
      const pointer = story.pointer || `https://provider.example.test/appointments/${Date.now()}`;
      const given = Object.entries({ ...story, pointer }).filter(([, value]) => value !== "");
      const told = await call("POST", "/appointments", Object.fromEntries(given));
      change({ open: told.appointments[0].id }, { push: true });
    }, "The appointment is there.");
  };
  return html`<form class="panel grid" aria-label="Add an appointment" onSubmit=${seed}>
    ${LABELS.map(([name = "", label = ""]) => html`<${Field} label=${label}><input value=${story[/** @type {keyof typeof FIRST} */ (name)]} onInput=${put(name)} /><//>`)}
    <${Field} label="State"><select value=${story.status} onChange=${put("status")}>${["booked", "cancelled", "entered-in-error"].map((each) => html`<option value=${each}>${each}</option>`)}</select><//>
    <div class="bar"><button class="primary">Add the appointment</button></div></form>`;
}
