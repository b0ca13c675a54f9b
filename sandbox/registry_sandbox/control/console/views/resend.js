/** Send an exchange again, changed if wanted, with a fresh token; the answer shows below it. */

import { callOf, hadToken, tokenFor } from "../commands.js";
import { indented } from "../format.js";
import { send } from "../send.js";
import { attempt, Field } from "../ui/basics.js";
import { Result } from "../ui/result.js";
import { html, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../types.js").Exchange} Exchange @typedef {import("../types.js").Answer} Answer */

/** @param {{exchange: Exchange}} props */
export function Resend({ exchange }) {
  const first = callOf(exchange);
  const [open, setOpen] = useState(false);
  const [url, setUrl] = useState(first.url);
  const [headers, setHeaders] = useState(
    Object.entries(first.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n"),
  );
  const [body, setBody] = useState(first.body ? indented(first.body).join("\n") : "");
  const [answer, setAnswer] = useState(/** @type {Answer | null} */ (null));
  const again = () =>
    attempt(async () => {
      const given = headers
        .split("\n")
        .filter((each) => each.includes(":"))
        .map((each) => [each.slice(0, each.indexOf(":")).trim(), each.slice(each.indexOf(":") + 1).trim()]);
      if (hadToken(exchange)) given.push(["Authorization", `Bearer ${await tokenFor(exchange)}`]);
      setAnswer(await send({ method: first.method, url, headers: Object.fromEntries(given), ...(body ? { body } : {}) }));
    });
  if (!open) return html`<button onClick=${() => setOpen(true)}>Edit and send again …</button>`;
  const typed =
    (/** @type {(value: string) => void} */ set) =>
    (/** @type {{target: HTMLInputElement}} */ { target }) =>
      set(target.value);
  return html`<section class="part" aria-label="Send again"><h3>Send again</h3>
    <${Field} label=${`${first.method} to`}><input value=${url} onInput=${typed(setUrl)} /><//>
    <${Field} label=${hadToken(exchange) ? "Headers (a fresh token is added)" : "Headers"}><textarea rows="3" value=${headers} onInput=${typed(setHeaders)}></textarea><//>
    ${first.body === undefined ? "" : html`<${Field} label="Body"><textarea rows="12" class="code" value=${body} onInput=${typed(setBody)}></textarea><//>`}
    <div class="bar"><button class="primary" onClick=${again}>Send</button></div>
    ${answer ? html`<${Result} answer=${answer} />` : ""}</section>`;
}
