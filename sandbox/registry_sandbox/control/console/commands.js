/** An exchange as a command to paste, and as a call to send again. */

/** @typedef {import("./types.js").Exchange} Exchange @typedef {import("./types.js").Call} Call */

import { controlToken, mint, root, urlOf } from "./api.js";

const LEFT_OUT = /^(host|content-length|connection|accept-encoding|user-agent|origin|referer|pragma|sec-.*|cookie|authorization)$/i;
/** How the request ids begin that this page gives to what it sends, to find it in the journal. */
export const MARK = "console-";
const REDACTED = "<redacted>";

/** The call of an exchange, without its token and without what a client library adds. @param {Exchange} exchange @returns {Call} */
export function callOf({ request }) {
  const kept = Object.entries(request.headers).filter(([name, value]) => !LEFT_OUT.test(name) && !value.startsWith(MARK));
  const url = urlOf(request.path) + (request.query ? `?${request.query}` : "");
  return { method: request.method, url, headers: Object.fromEntries(kept), ...(request.body ? { body: request.body } : {}) };
}

/** True if the exchange had a token, which the journal does not keep. @param {Exchange} exchange */
export const hadToken = ({ request }) => Object.keys(request.headers).some((each) => each.toLowerCase() === "authorization");

/** A fresh token for the client of an exchange. @param {Exchange} exchange */
export const tokenFor = (exchange) => mint(clientOf(exchange).slice(1));

/** @param {Exchange} exchange */
const clientOf = ({ client }) => (client?.startsWith("sandbox-") ? `?client=${encodeURIComponent(client)}` : "");

/** @param {Exchange} exchange */
const tokenUrl = (exchange) => new URL(`${root()}/token${clientOf(exchange)}`, document.baseURI).href;

/** The variable that has the control token: the token itself is put into no command. */
const CONTROL = "SANDBOX_CONTROL_TOKEN";

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** @param {Exchange} exchange */
export function curl(exchange) {
  const { method, url, headers, body } = callOf(exchange);
  const parts = [`curl -sSi -X ${quoted(method)} ${quoted(url)}`];
  const control = controlToken() ? ` -H "Authorization: Bearer $${CONTROL}"` : "";
  if (hadToken(exchange)) parts.push(`-H "Authorization: Bearer $(curl -sS${control} ${quoted(tokenUrl(exchange))})"`);
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`--data-binary ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

/** @param {Exchange} exchange */
export function httpx(exchange) {
  const { method, url, headers, body } = callOf(exchange);
  const given = Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const control = controlToken() ? [`control = {"Authorization": f"Bearer {os.environ['${CONTROL}']}"}`] : [];
  const fetched = `httpx.get(${JSON.stringify(tokenUrl(exchange))}${control.length ? ", headers=control" : ""}).text`;
  const token = hadToken(exchange) ? [`token = ${fetched}`] : [];
  const content = body ? [`content=${JSON.stringify(body)}.encode(),`] : [];
  const call = [`${JSON.stringify(method)},`, `${JSON.stringify(url)},`, "headers=headers,", ...content];
  return [
    ...(control.length && token.length ? ["import os", ""] : []),
    "import httpx",
    "",
    ...(token.length ? [...control, ...token] : []),
    "headers = {",
    ...(token.length ? ['    "Authorization": f"Bearer {token}",'] : []),
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
