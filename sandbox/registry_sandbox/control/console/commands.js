/** An exchange as a command to paste, and as a call to send again. */

/** @typedef {import("./types.js").Exchange} Exchange @typedef {import("./types.js").Call} Call */

import { mint, place, root } from "./api.js";

const LEFT_OUT = /^(host|content-length|connection|accept-encoding|user-agent|origin|referer|sec-.*|cookie|authorization)$/i;
const REDACTED = "<redacted>";

/** The call of an exchange, without its token and without what a client library adds. @param {Exchange} exchange @returns {Call} */
export function callOf({ request }) {
  const kept = Object.entries(request.headers).filter(([name]) => !LEFT_OUT.test(name));
  const path = request.path + (request.query ? `?${request.query}` : "");
  const url = new URL(path, place.get().base).href;
  return { method: request.method, url, headers: Object.fromEntries(kept), ...(request.body ? { body: request.body } : {}) };
}

/** True if the exchange had a token, which the journal does not keep. @param {Exchange} exchange */
export const hadToken = ({ request }) => Object.keys(request.headers).some((each) => each.toLowerCase() === "authorization");

/** A fresh token for the client of an exchange. @param {Exchange} exchange */
export const tokenFor = ({ client }) => mint(client?.startsWith("sandbox-") ? `client=${encodeURIComponent(client)}` : "");

const tokenUrl = () => new URL(`${root()}/token`, document.baseURI).href;

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** @param {Exchange} exchange */
export function curl(exchange) {
  const { method, url, headers, body } = callOf(exchange);
  const parts = [`curl -si -X ${quoted(method)} ${quoted(url)}`];
  if (hadToken(exchange)) parts.push(`-H "Authorization: Bearer $(curl -s ${quoted(tokenUrl())})"`);
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`--data-binary ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

/** @param {Exchange} exchange */
export function httpx(exchange) {
  const { method, url, headers, body } = callOf(exchange);
  const given = Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const token = hadToken(exchange) ? [`    "Authorization": f"Bearer {httpx.get(${JSON.stringify(tokenUrl())}).text}",`] : [];
  const content = body ? [`content=${JSON.stringify(body)}.encode(),`] : [];
  const call = [`${JSON.stringify(method)},`, `${JSON.stringify(url)},`, "headers=headers,", ...content];
  return [
    "import httpx",
    "",
    "headers = {",
    ...token,
    ...given,
    "}",
    "answer = httpx.request(",
    ...call.map((each) => `    ${each}`),
    ")",
    "print(answer.status_code, answer.text)",
  ].join("\n");
}

/** True if something of the exchange is not in the journal, so that it cannot be sent again as it was. @param {Exchange} exchange */
export const isCut = ({ request }) => (request.body ?? "").includes(REDACTED) || /\.\.\. \(\d+ bytes\)$/.test(request.body ?? "");
