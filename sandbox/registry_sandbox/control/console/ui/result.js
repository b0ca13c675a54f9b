/** The answer to a call that this page made, explained. */

import { issues } from "../outcome.js";
import { hash } from "../route.js";
import { html, useEffect, useRef } from "../vendor/htm-preact.js";
import { Why } from "../views/exchange.js";
import { readable } from "../views/traffic.js";
import { Status } from "./basics.js";
import { Body, Headers } from "./body.js";

/** @param {{answer: import("../types.js").Answer}} props */
export function Result({ answer }) {
  const { status, body, call, problem } = answer;
  const found = status !== null && status >= 400 ? issues(body) : [];
  const head = useRef(/** @type {HTMLElement | null} */ (null));
  // It may have come below what the window shows.
  useEffect(() => head.current?.scrollIntoView({ block: "nearest" }), [answer]);
  return html`<section class="result" aria-label="Answer" aria-live="polite">
    <h3 ref=${head}><${Status} status=${status} ended=${problem ? "no answer" : ""} /> ${call.method} <span class="wrap">${readable(call.url)}</span></h3>
    <p class="facts">${Math.round(answer.took)} ms${answer.number === undefined ? "" : html` · <a href=${hash("traffic", { open: `${answer.number}` })}>exchange ${answer.number} in Traffic</a>`}</p>
    ${problem ? html`<p class="hint">${problem}</p>` : ""}
    ${status === null || status >= 400 ? html`<${Why} found=${found} status=${status} ended="lost" />` : ""}
    ${call.body ? html`<details open=${found.some((each) => each.location.startsWith("/"))}><summary>What was sent</summary><${Body} text=${call.body} label="Request body" marked=${found.map((each) => each.location)} /></details>` : ""}
    <details><summary>${answer.headers.length} headers of the answer</summary><${Headers} headers=${answer.headers} /></details>
    ${body ? html`<${Body} text=${body} label="Answer body" />` : ""}</section>`;
}
