/** What an exchange changed: the version that it wrote beside the one before; for a refused cancel, what it tried to change. */

import { call } from "../api.js";
import { hash } from "../route.js";
import { Diff } from "../ui/body.js";
import { html, useEffect, useState } from "../vendor/htm-preact.js";

/** @typedef {import("../types.js").Exchange} Exchange */
/** @typedef {{before: string, after: string, label: string, title: string}} Change */

/** @param {{exchange: Exchange}} props */
export function Changed({ exchange }) {
  const [change, setChange] = useState(/** @type {Change | null} */ (null));
  useEffect(() => {
    changeOf(exchange).then(setChange, () => setChange(null));
  }, [exchange]);
  if (!change) return "";
  return html`<section class="part" aria-label=${change.title}><h3>${change.title}</h3><${Diff} ...${change} />
    ${exchange.id ? html`<p><a href=${hash("appointments", { open: exchange.id })}>All versions of this appointment</a></p>` : ""}</section>`;
}

/** @param {Exchange} exchange @returns {Promise<Change | null>} */
async function changeOf(exchange) {
  const { interaction, id, written, request } = exchange;
  if (interaction !== "update" || !id) return null;
  const { versions } = await call("GET", `/appointments/${encodeURIComponent(id)}`);
  const number = Number(written?.split("/").at(-1) ?? 0);
  if (number > 1) {
    const [before, after] = [versions[number - 2], versions[number - 1]].map((each) => JSON.stringify(each));
    return { before: before ?? "", after: after ?? "", label: `Version ${number - 1} to ${number}`, title: "What changed" };
  }
  const sent = request.body?.trim() ?? "";
  // What was sent in JSON can be laid beside what is stored; XML has another order and other marks.
  if (!sent.startsWith("{")) return null;
  const told = JSON.parse(sent);
  const against = versions[Number(told.meta?.versionId) - 1] ? Number(told.meta.versionId) : versions.length;
  // The registry sets `meta` itself, so what a client sends there is no difference.
  const [before, after] = [versions[against - 1], told].map((each) => JSON.stringify({ ...each, meta: undefined }));
  return { before: before ?? "", after: after ?? "", label: `Version ${against}, and what the client sent instead`, title: "What it tried to change" };
}
