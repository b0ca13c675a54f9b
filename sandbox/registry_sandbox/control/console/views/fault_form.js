/** A form for a fault rule: made of the API's own description of a rule, so that it has every effect that there is. */

import { call } from "../api.js";
import { route } from "../route.js";
import { attempt, Copy, Field, Prose } from "../ui/basics.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {{const?: string | boolean, enum?: string[], description?: string, examples?: string[], type?: string, oneOf?: Schema[], anyOf?: Schema[]}} Schema */
/** @typedef {Record<string, string>} Given */

const WHEN = [
  ["times", "At most so many times", "no limit, or 1"],
  ["probability", "Share of the matches, 0 to 1", "all, or 0.1"],
  ["nth", "On the nth match alone", "any, or 2"],
  ["skip", "Not on the first so many", "none, or 3"],
  ["every", "On every nth match", "each, or 2"],
  ["after", "From so long after now", "at once, or 30s"],
  ["for", "For so long", "without end, or 1m"],
];
const MATCH = [
  ["id", "Appointment id", "booked-tomorrow"],
  ["patient", "Patient", "9991000011"],
  ["client", "Client", "sandbox-client"],
  ["header", "Header", "X-Test"],
];
const CODES = ["create", "update", "search-type"]; // the form says register, cancel, search
const NOTHING = { words: "", short: "", problem: "" };
const COMMON = ["status", "reset", "hang", "delay", "race", "hold", "cut", "stale", "token"];

/** @param {string} text */
function value(text) {
  if (/^(-?\d+(\.\d+)?|true|false)$/.test(text) || /^[{["]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** @param {Given} given @param {string} part */
const of = (given, part) =>
  Object.fromEntries(
    Object.entries(given)
      .filter(([name, text]) => name.startsWith(`${part}.`) && text !== "")
      .map(([name, text]) => [name.slice(part.length + 1), value(text)]),
  );

/** @param {Given} given */
function ruleOf(given) {
  const match = Object.fromEntries(Object.entries(of(given, "match")).map(([name, text]) => [name, typeof text === "number" ? `${text}` : text]));
  const when = of(given, "when");
  return {
    ...(Object.keys(match).length ? { match } : {}),
    ...(Object.keys(when).length ? { when } : {}),
    then: of(given, "then"),
    ...(given.ttl ? { ttl: value(given.ttl) } : {}),
  };
}

/** The value that an effect begins with: that of its example. @param {string} key @param {Schema} about */
function first(key, about) {
  const example = about.examples?.[0]?.split(":").slice(1).join(":").split("@")[0] ?? "";
  const said = new RegExp(`(?:^|\\+)${key}=([^+]*)`).exec(example)?.[1];
  return key === "status" ? "503" : (said ?? about.enum?.[0] ?? "true");
}

/**
 * Return a rule as the API takes it: a value that has parts is typed as in the short form, such as `200/rst`.
 * @param {ReturnType<typeof ruleOf>} rule
 * @param {Record<string, Schema>} effects
 */
async function whole(rule, effects) {
  const then = /** @type {Record<string, unknown>} */ ({ ...rule.then });
  for (const [key, given] of Object.entries(then)) {
    const about = effects[key];
    const hasParts = about?.type === "object" || about?.anyOf?.some(({ type }) => type === "object");
    if (hasParts && typeof given === "string") then[key] = (await call("POST", "/check/fault", `*:${key}=${given}`)).rule.then[key];
  }
  return { ...rule, then };
}

/** @param {{name: string, about: Schema, value?: string, onChange: (event: {target: HTMLInputElement}) => void}} props */
const Value = ({ name, about, value, onChange }) =>
  (about.enum ?? []).length > 1
    ? html`<select aria-label=${`${name}: value`} value=${value} onChange=${onChange}>${about.enum?.map((each) => html`<option value=${each}>${each}</option>`)}</select>`
    : html`<input aria-label=${`${name}: value`} value=${value} onInput=${onChange} />`;

export function FaultForm() {
  const [schema, setSchema] = useState(/** @type {any} */ (null));
  const [given, setGiven] = useState(/** @type {Given} */ ({ "match.interaction": route.get().params.on ?? "cancel" }));
  const [told, setTold] = useState(NOTHING);
  const [all, setAll] = useState(false);
  useEffect(() => {
    call("GET", "/openapi.json").then(
      (document) => setSchema(document.components.schemas.Fault),
      () => {},
    );
  }, []);
  const rule = ruleOf(given);
  const empty = Object.keys(rule.then).length === 0;
  const spelt = JSON.stringify(rule);
  useEffect(() => {
    if (empty) return setTold(NOTHING);
    let late = false; // an answer to what was typed before is no answer any more
    const told = (/** @type {typeof NOTHING} */ found) => late || setTold(found);
    const timer = setTimeout(async () => {
      try {
        const sent = await whole(rule, schema.properties.then.properties);
        const { words, short } = await call("POST", "/check/fault", sent);
        told({ words, short: short || JSON.stringify(sent), problem: "" });
      } catch (refused) {
        told({ ...NOTHING, problem: refused instanceof Error ? refused.message : `${refused}` });
      }
    }, 120);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [spelt]);
  const put = (/** @type {string} */ name, /** @type {string} */ text) => setGiven({ ...given, [name]: text });
  const typed =
    (/** @type {string} */ name) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      put(name, target.value);
  const set = (/** @type {Event} */ event) => {
    event.preventDefault();
    return attempt(async () => {
      await call("POST", "/faults", await whole(rule, schema.properties.then.properties));
      setGiven({ "match.interaction": given["match.interaction"] ?? "" });
    }, "The fault is in force.");
  };
  if (!schema) return html`<p class="quiet">Loading the form …</p>`;
  const then = /** @type {Record<string, Schema>} */ (schema.properties.then.properties);
  const effects = [
    ...Object.entries(then).filter(([, about]) => about.examples),
    ...(then.wire?.oneOf ?? []).map((each) => /** @type {[string, Schema]} */ ([`${each.const}`, each])),
  ];
  const rank = (/** @type {string} */ key) => (COMMON.includes(key) ? COMMON.indexOf(key) : COMMON.length);
  const shown = effects.sort(([one], [two]) => rank(one) - rank(two)).filter(([key]) => all || COMMON.includes(key));
  // Those of `then.wire` have a name; `hold`, `drain` and `rotate` have nothing but `true`.
  const isWire = (/** @type {Schema} */ about) => typeof about.const === "string";
  const chosen = (/** @type {string} */ key, /** @type {Schema} */ about) => (isWire(about) ? given["then.wire"] === key : Boolean(given[`then.${key}`]));
  const toggle = (/** @type {string} */ key, /** @type {Schema} */ about) => {
    const name = isWire(about) ? "then.wire" : `then.${key}`;
    put(name, chosen(key, about) ? "" : isWire(about) ? key : first(key, about));
  };
  const interactions = /** @type {string[]} */ (schema.properties.match.properties.interaction.anyOf[0].enum).filter((each) => !CODES.includes(each));
  return html`<form class="panel" aria-label="Set a fault" onSubmit=${set}>
    <fieldset class="grid"><legend>On which exchanges</legend>
      <${Field} label="Interaction"><select value=${given["match.interaction"] ?? ""} onChange=${typed("match.interaction")}><option value="">every FHIR interaction</option>
        ${interactions.map((each) => html`<option value=${each} selected=${given["match.interaction"] === each}>${each}</option>`)}</select><//>
      ${MATCH.map(([name, label, hint]) => html`<${Field} label=${label ?? ""}><input placeholder=${`any, or ${hint}`} value=${given[`match.${name}`] ?? ""} onInput=${typed(`match.${name}`)} /><//>`)}</fieldset>
    <fieldset><legend>What happens</legend><div class="effects">
      ${shown.map(
        ([
          key,
          about,
        ]) => html`<div class=${chosen(key, about) ? "effect chosen" : "effect"}><label><input type="checkbox" checked=${chosen(key, about)} onChange=${() => toggle(key, about)} /> <b>${key.replaceAll("_", " ")}</b></label>
        <p class="quiet"><${Prose} text=${about.description ?? ""} /></p>
        ${chosen(key, about) && !isWire(about) && given[`then.${key}`] !== "true" ? html`<${Value} name=${key} about=${about} value=${given[`then.${key}`]} onChange=${typed(`then.${key}`)} />` : ""}</div>`,
      )}</div>
      <div class="bar"><label><input type="checkbox" checked=${given["then.commit"] === "true"} onChange=${() => put("then.commit", given["then.commit"] ? "" : "true")} /> <b>after the write</b> <span class="quiet">${then.commit?.description}</span></label>
        <button type="button" class="small" onClick=${() => setAll(!all)}>${all ? "Fewer effects" : `All ${effects.length} effects`}</button></div></fieldset>
    <fieldset class="grid"><legend>When</legend>${WHEN.map(([name, label, hint]) => html`<${Field} label=${label ?? ""}><input placeholder=${hint} value=${given[`when.${name}`] ?? ""} onInput=${typed(`when.${name}`)} /><//>`)}
      <${Field} label="Counted for each"><select value=${given["when.per"] ?? ""} onChange=${typed("when.per")}>${["", "client", "resource"].map((each) => html`<option value=${each}>${each || "rule"}</option>`)}</select><//>
      <${Field} label="In force for"><input placeholder="until deleted, or 5m" value=${given.ttl ?? ""} onInput=${typed("ttl")} /><//></fieldset>
    <div class="grown" aria-live="polite">${told.problem ? html`<p class="bad-text">${told.problem}</p>` : told.words ? html`<p><${Prose} text=${told.words} /></p><div class="bar tight"><code class="grow">${told.short}</code><${Copy} label="Copy the short form" text=${told.short} /></div>` : html`<p class="quiet">Choose what happens: the rule shows here in words, and in its short form.</p>`}</div>
    <div class="bar"><button class="primary" disabled=${empty || Boolean(told.problem)}>Put it in force</button></div></form>`;
}
