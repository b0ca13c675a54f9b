/** One exchange: why it was refused, its request and answer, its faults in words, and what it changed. */

import { call } from "../api.js";
import { curl, httpx, isCut } from "../commands.js";
import { visible } from "../format.js";
import { faults, loadFaults } from "../model.js";
import { issues, next } from "../outcome.js";
import { change, hash } from "../route.js";
import { use } from "../store.js";
import { Copy, day, Prose, Status, span } from "../ui/basics.js";
import { Body, Headers } from "../ui/body.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { Changed } from "./changed.js";
import { Resend } from "./resend.js";
import { NAMES, readable } from "./traffic.js";

/** @typedef {import("../types.js").Exchange} Exchange @typedef {import("../types.js").Brief} Brief @typedef {import("../types.js").Issue} Issue */

/** @param {{number: number, brief?: Brief, newer?: number, older?: number}} props */
export function ExchangeView({ number, brief, newer, older }) {
  const [exchange, setExchange] = useState(/** @type {Exchange | null} */ (null));
  const [gone, setGone] = useState("");
  useEffect(() => {
    call("GET", `/journal/${number}`).then(setExchange, (refused) => setGone(refused.message));
  }, [number, brief?.state]);
  const step = (/** @type {string} */ label, /** @type {number | undefined} */ to) =>
    html`<button class="small" disabled=${to === undefined} onClick=${() => change({ open: `${to}` })}>${label}</button>`;
  return html`<aside class="detail" aria-label=${`Exchange ${number}`}>
    <div class="bar"><button class="small" onClick=${() => change({ open: "" })}>✕ Close</button>${step("↑ Newer", newer)}${step("↓ Older", older)}
      <span class="grow"></span>${exchange ? html`<${CopyAs} exchange=${exchange} />` : ""}</div>
    ${exchange ? html`<${Whole} exchange=${exchange} />` : gone ? html`<p class="note bad">${gone}</p>` : html`<p class="quiet">Loading …</p>`}</aside>`;
}

/** @param {{exchange: Exchange}} props */
const CopyAs = ({ exchange }) => html`<${Copy} label="Copy as curl" text=${() => curl(exchange)} /><${Copy} label="httpx" text=${() => httpx(exchange)} />
  <${Copy} label="HAR" text=${async () => JSON.stringify(await call("GET", `/journal/${exchange.number}?format=har`), null, 2)} />`;

/** @param {{exchange: Exchange}} props */
function Whole({ exchange }) {
  const { request, response, sent } = exchange;
  const found = response && response.status >= 400 ? issues(response.body ?? "") : [];
  const status = response?.status ?? null;
  return html`<div>
    <h2 class="request"><${Status} status=${status} ended=${sent.ended} /> ${request.method} ${visible(request.path)}${request.query ? html`<span class="quiet">?${readable(request.query)}</span>` : ""}</h2>
    <p class="facts">#${exchange.number} · ${day(exchange.at)}:${exchange.at.slice(17, 23)} · ${span(exchange.duration_s)}${exchange.client ? html` · <b>${visible(exchange.client)}</b>` : ""}
      ${exchange.interaction ? ` · ${NAMES.get(exchange.interaction) ?? exchange.interaction}` : ""}${exchange.id ? html` · <a href=${hash("appointments", { open: exchange.id })}>${exchange.id}</a>` : ""}
      ${sent.ended !== "whole" && status !== null ? ` · the connection was ${sent.ended} after ${sent.body_bytes} bytes` : ""}</p>
    ${status === null || status >= 400 ? html`<${Why} found=${found} status=${status} ended=${sent.ended} written=${exchange.written} />` : ""}
    ${exchange.state === "held" ? html`<p class="hint">A fault holds it: <a href=${hash("faults")}>release it in Faults</a>.</p>` : ""}
    <${Injected} exchange=${exchange} />
    <${Changed} exchange=${exchange} />
    <${Part} title="Request" headers=${request.headers} body=${request.body} marked=${found.map((each) => each.location)} />
    ${response ? html`<${Part} title="Answer" headers=${response.headers} body=${response.body} marked=${[]} />` : ""}
    ${exchange.warnings?.map((each) => html`<p class="hint">The profiles warn: ${each}</p>`)}
    ${isCut(exchange) ? html`<p class="hint">The journal keeps only the beginning of this body, or left a secret out: it cannot be sent again as it was.</p>` : html`<${Resend} exchange=${exchange} />`}</div>`;
}

/** @param {{found: Issue[], status: number | null, ended: string, written?: string}} props */
export function Why({ found, status, ended, written }) {
  const title = status !== null ? "Why it was refused" : ended === "under way" ? "No answer yet" : "No answer";
  return html`<section class="why" aria-label="Why"><h3>${title}</h3>
    ${written && (status === null || status >= 500) ? html`<p>The write took place all the same: the registry has <code>${written}</code>.</p>` : ""}
    <ol>${found.map(
      (issue) => html`<li><p><${Prose} text=${issue.diagnostics || issue.code} /></p>
      <p class="quiet">${[issue.severity, issue.code, issue.spine].filter(Boolean).join(" · ")}${issue.location ? html` · <${Place} path=${issue.location} />` : ""}</p></li>`,
    )}</ol>
    ${next(status, ended) ? html`<p class="next"><b>What now?</b> ${next(status, ended)}</p>` : ""}</section>`;
}

/** @param {{path: string}} props */
function Place({ path }) {
  const [missing, setMissing] = useState(false);
  const show = () => {
    const marked = [...document.querySelectorAll(".detail .line.marked, .result .line.marked")];
    const line = marked.find((each) => each.getAttribute("data-path") === path.replaceAll("[1]", ""));
    line?.scrollIntoView({ block: "center" });
    setMissing(!line);
  };
  if (path.startsWith("http.")) return html`<code>${path.replace("http.", "")}</code> (header or parameter)`;
  return html`<button class="link" onClick=${show}>${path.replaceAll("f:", "")}</button>${missing ? " (not in the body)" : ""}`;
}

/** @param {{exchange: Exchange}} props */
function Injected({ exchange }) {
  const { loaded, rules } = use(faults);
  const { faults: fired, idle_faults: idle = [], varied = [] } = exchange;
  useEffect(() => {
    if (!loaded && (fired.length || idle.length)) loadFaults();
  }, [loaded]);
  if (!fired.length && !idle.length && !varied.length) return "";
  const words = (/** @type {string} */ id) => rules.find((each) => each.id === id)?.words ?? "This rule is not in force any more.";
  return html`<section class="injected" aria-label="Faults"><h3>Faults</h3>
    ${fired.map((id) => html`<p>⚡ <a href=${hash("faults", { open: id })}>${id}</a> fired. <${Prose} text=${words(id)} /></p>`)}
    ${idle.map(({ id, why }) => html`<p class="quiet">${id}: ${why}.</p>`)}
    ${varied.length ? html`<p class="quiet">Varied within the contract: ${varied.join(", ")}.</p>` : ""}</section>`;
}

/** @param {{title: string, headers: Record<string, string>, body?: string, marked: string[]}} props */
export function Part({ title, headers, body, marked }) {
  const pairs = Object.entries(headers);
  return html`<section class="part" aria-label=${title}><h3>${title}</h3>
    <details><summary>${pairs.length} headers</summary><${Headers} headers=${pairs} /></details>
    ${body ? html`<${Body} text=${body} label=${`${title} body`} marked=${marked} />` : html`<p class="quiet">No body.</p>`}</section>`;
}
