/** Tokens: mint a good one or a broken one; paste one and see which checks it fails. */

import { call, mint, place } from "../api.js";
import { BROKEN } from "../data/tokens.js";
import { clock, nowIs } from "../model.js";
import { send } from "../send.js";
import { store, use } from "../store.js";
import { attempt, Copy, Empty, Field, Prose } from "../ui/basics.js";
import { Body } from "../ui/body.js";
import { Result } from "../ui/result.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../data/tokens.js").Broken} Broken @typedef {import("../types.js").Answer} Answer */

/** What was minted in this tab, the newest first: the clock view shows when they expire. */
export const minted = store(/** @type {{what: string, expires: number, workspace: string}[]} */ ([]));
const LONGEST = 86_400_000; // no timer can wait for a month
/** The token that is looked at: it stays while another view is shown. */
const looked = store("");
const FIRST = { client: "sandbox-client", expires: "", rest: "" };

export function Tokens() {
  const { auth } = use(place);
  const [wanted, setWanted] = useState(FIRST);
  const token = use(looked);
  const { now, frozen } = use(clock);
  const [verdict, setVerdict] = useState(/** @type {{valid: boolean, problems: string[], client?: string, may_write?: boolean} | null} */ (null));
  const check = () => attempt(async () => setVerdict(token.trim() ? await call("POST", "/check/token", { token }) : null));
  // It is checked again when the clock is moved, and when the token expires.
  useEffect(() => {
    check();
    const left = Number(part(token, 1)?.exp) * 1_000 - nowIs();
    if (frozen || !(left > 0 && left < LONGEST)) return;
    const timer = setTimeout(check, left + 500);
    return () => clearTimeout(timer);
  }, [token, now, frozen]);
  const make = (/** @type {string} */ query, /** @type {string} */ what) =>
    attempt(async () => {
      const made = await mint(query);
      const expires = Number(part(made, 1)?.exp) * 1_000;
      if (expires) minted.set([{ what, expires, workspace: place.get().workspace }, ...minted.get()].slice(0, 50));
      looked.set(made);
    });
  const put =
    (/** @type {string} */ name) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      setWanted({ ...wanted, [name]: target.value });
  const query = [`client=${wanted.client}`, wanted.expires && `expires_in=${encodeURIComponent(wanted.expires)}`, wanted.rest].filter(Boolean).join("&");
  const mode = auth === "spine" ? "spine" : "registry";
  if (auth === "off")
    return html`<section class="page" aria-label="Tokens"><h1>Tokens</h1><${Empty} title="This sandbox asks for no token.">It was started with <code>--auth off</code>.<//></section>`;
  return html`<section class="page" aria-label="Tokens"><h1>Tokens</h1>
    <p class="lead">Every call needs a token. Clients get theirs at <code>${place.get().tokenUrl}</code>; here you mint one by hand, good or broken.</p>
    <div class="columns"><div><h2>Mint one</h2><form class="panel grid" aria-label="Mint a token" onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      make(query, wanted.client);
    }}>
      <${Field} label="Client"><select value=${wanted.client} onChange=${put("client")}><option value="sandbox-client">sandbox-client: reads and writes</option><option value="sandbox-reader">sandbox-reader: only reads</option></select><//>
      <${Field} label="Expires in seconds"><input inputmode="numeric" placeholder="3600; -60 has expired" value=${wanted.expires} onInput=${put("expires")} /><//>
      <${Field} label="More parameters"><input placeholder="claim.aud=x&without=iat" value=${wanted.rest} onInput=${put("rest")} /><//>
      <div class="bar"><button class="primary">Mint</button><button type="button" onClick=${() => make("expires_in=-60", "expired")}>An expired one</button></div></form></div>
    <div><h2>Look at one</h2><${Field} label="A token: minted here, or pasted from your client"><textarea class="code" rows="5" value=${token} onInput=${(/** @type {{target: HTMLTextAreaElement}} */ { target }) => looked.set(target.value)}></textarea><//>
      ${token.trim() ? html`<div class="bar"><${Copy} label="Copy the token" text=${token.trim()} /></div>` : ""}
      ${verdict ? html`<${Verdict} verdict=${verdict} />` : ""}</div></div>
    ${token.trim() ? html`<${Parts} token=${token} />` : ""}
    <h2>Every way in which a token can be wrong</h2><p>Try one: the registry refuses it, and says which check failed and what it expected.</p>
    <${Table} rows=${BROKEN.filter((each) => each.mode === mode)} make=${make} /></section>`;
}

/** @param {{verdict: {valid: boolean, problems: string[], client?: string, may_write?: boolean}}} props */
const Verdict = ({ verdict }) => html`<div class=${verdict.valid ? "verdict good" : "verdict bad"} role="status">
  ${
    verdict.valid
      ? html`<p><b>The registry accepts it.</b> Client ${verdict.client}, ${verdict.may_write ? "reads and writes" : "only reads"}.</p>`
      : html`<p><b>403:</b> the registry refuses it.</p><ul>${verdict.problems.map((each) => html`<li><${Prose} text=${each} /></li>`)}</ul>`
  }</div>`;

/** @param {string} token @param {number} at @returns {any} */
function part(token, at) {
  try {
    const text =
      token
        .trim()
        .replace(/^Bearer\s+/i, "")
        .split(".")[at] ?? "";
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** @param {{token: string}} props */
function Parts({ token }) {
  const [header, claims] = [part(token, 0), part(token, 1)];
  if (!claims) return "";
  const left = Number(claims.exp) * 1_000 - nowIs();
  return html`<div class="columns"><${Body} label="Header" text=${JSON.stringify(header ?? "cannot be read")} /><div><${Body} label="Claims" text=${JSON.stringify(claims)} />
    ${Number.isFinite(left) ? html`<p class="quiet">By the sandbox's clock it ${left > 0 ? `expires in ${Math.round(left / 1_000)} s` : `expired ${Math.round(-left / 1_000)} s ago`}.</p>` : ""}</div></div>`;
}

/** What mints the token of a row. @param {Broken} row */
const of = ({ query }) => query.replace("{base}", encodeURIComponent(place.get().base));

/** @param {{rows: Broken[], make: (query: string, what: string) => unknown}} props */
function Table({ rows, make }) {
  const [tried, setTried] = useState(/** @type {{what: string, answer: Answer} | null} */ (null));
  const attemptWith = (/** @type {Broken} */ row) =>
    attempt(async () => {
      const token = await mint(of(row));
      /** @type {Record<string, string>} */
      const headers = row.header === null ? {} : { Authorization: row.header.replace("{token}", token).replace("{long}", "0".repeat(17_000)) };
      const { base } = place.get();
      setTried({
        what: row.what,
        answer: await send({
          method: row.method,
          url: `${base}/Appointment${row.method === "POST" ? "" : "/1"}${row.inQuery ? `?access_token=${token}` : ""}`,
          headers,
        }),
      });
    });
  return html`<div class="table" role="region" aria-label="Broken tokens" tabindex="0"><table><thead><tr><th>What is wrong</th><th>What the registry says</th><th>Try it</th></tr></thead><tbody>${rows.map(
    (row) => html`<tr key=${row.what}><td><${Prose} text=${row.what} /></td><td>${row.says.map((each) => html`<div><${Prose} text=${each} /></div>`)}</td>
      <td class="actions">${row.twice ? html`<span class="quiet">not by a browser</span>` : html`<button class="small" aria-label=${`Send: ${row.what}`} onClick=${() => attemptWith(row)}>Send</button>`}
        ${row.header === "Bearer {token}" && row.query ? html`<button class="small" aria-label=${`Mint: ${row.what}`} onClick=${() => make(of(row), row.what)}>Mint</button>` : ""}</td></tr>
      ${tried?.what === row.what ? html`<tr key=${`${row.what} tried`}><td colspan="3"><${Result} answer=${tried.answer} /></td></tr>` : ""}`,
  )}</tbody></table></div>`;
}
