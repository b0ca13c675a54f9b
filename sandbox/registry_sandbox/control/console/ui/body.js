/** A body, pretty-printed, with folds and marked places; and the difference of two bodies. */

import { diff, near } from "../diff.js";
import { indented, lines, plainPath, visible } from "../format.js";
import { html, useMemo, useState } from "../vendor/htm-preact.js";
import { Copy } from "./basics.js";

/** @param {{text: string, label: string, marked?: string[]}} props */
export function Body({ text, label, marked = [] }) {
  const read = useMemo(() => lines(text), [text]);
  const [folded, setFolded] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  const wanted = new Set(marked.map(plainPath));
  const fold = (/** @type {number} */ at) => {
    const changed = new Set(folded);
    if (!changed.delete(at)) changed.add(at);
    setFolded(changed);
  };
  const shown = [];
  for (let at = 0; at < read.length; at += 1) {
    const line = read[at];
    if (!line) break;
    const isMarked = Boolean(line.path) && wanted.has(line.path);
    shown.push(html`<div key=${at} class=${isMarked ? "line marked" : "line"} data-path=${line.path} style=${{ paddingLeft: `${line.depth * 1.1 + 1.4}em` }}>
      ${line.end ? html`<button class="fold" aria-expanded=${folded.has(at) ? "false" : "true"} aria-label="Fold" onClick=${() => fold(at)}>${folded.has(at) ? "▸" : "▾"}</button>` : ""}
      ${line.kinds.map(([part, kind]) => html`<span class=${`t-${kind}`}>${visible(part)}</span>`)}
      ${folded.has(at) ? html`<span class="t-mark"> … ${read[line.end]?.text}</span>` : ""}
      ${isMarked ? html`<span class="mark">◀ here</span>` : ""}</div>`);
    if (folded.has(at)) at = line.end;
  }
  return html`<div class="body"><div class="bar tight"><span class="quiet">${label}</span><${Copy} label="Copy" text=${text} /></div>
    <div class="code" role="region" aria-label=${label} tabindex="0">${shown}</div></div>`;
}

const AROUND = 3;

/** @param {{before: string, after: string, label: string}} props */
export function Diff({ before, after, label }) {
  const told = useMemo(() => diff(indented(before), indented(after)), [before, after]);
  const differs = told.some(({ sign }) => sign !== " ");
  return html`<div class="body"><div class="bar tight"><span class="quiet">${label}${differs ? "" : ": no difference"}</span></div>
    ${differs ? html`<div class="code diff" role="region" aria-label=${label} tabindex="0">${near(told, AROUND).map(differing)}</div>` : ""}</div>`;
}

/** @param {{sign: string, text: string} | number} line */
function differing(line) {
  if (typeof line === "number") return html`<div class="gap">⋯ ${line} ${line === 1 ? "line" : "lines"} alike</div>`;
  const { sign, text } = line;
  return html`<div class=${sign === "+" ? "line added" : sign === "-" ? "line removed" : "line"}>${sign} ${visible(text)}</div>`;
}

/** @param {{headers: [string, string][]}} props */
export const Headers = ({ headers }) =>
  html`<dl class="headers">${headers.map(([name, value]) => html`<div><dt>${name}</dt><dd>${visible(value)}</dd></div>`)}</dl>`;
