/** An exchange as a command to paste, and as a call to send again. */

/** @typedef {import("./types.js").Exchange} Exchange @typedef {import("./types.js").Call} Call */

import { controlToken, mint, root, urlOf } from "./api.js";
import { curlTrust, isSecure, trustIn, verified } from "./trust.js";

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
  const parts = [`curl -sSi${curlTrust(exchange, url)} -X ${quoted(method)} ${quoted(url)}`];
  const control = controlToken() ? ` -H "Authorization: Bearer $${CONTROL}"` : "";
  const fetched = `curl -sS${curlTrust(exchange, tokenUrl(exchange))}${control} ${quoted(tokenUrl(exchange))}`;
  if (hadToken(exchange)) parts.push(`-H "Authorization: Bearer $(${fetched})"`);
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`--data-binary ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

/** @param {Exchange} exchange */
export function httpx(exchange) {
  const { method, url, headers, body } = callOf(exchange);
  const given = Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const token = hadToken(exchange) ? tokenIn(exchange) : [];
  const secure = isSecure(url) || (token.length > 0 && isSecure(tokenUrl(exchange)));
  const content = body ? [`content=${JSON.stringify(body)}.encode(),`] : [];
  const call = [`${JSON.stringify(method)},`, `${JSON.stringify(url)},`, "headers=headers,", ...content, ...(isSecure(url) ? ["verify=tls,"] : [])];
  const needed = secure ? ["os", "pathlib", "ssl"] : token.length > 1 ? ["os"] : [];
  return [
    ...needed.map((each) => `import ${each}`),
    ...(needed.length ? [""] : []),
    "import httpx",
    "",
    ...(secure ? trustIn(exchange) : []),
    ...token,
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

/** The lines of Python that fetch a token: one, or two with a control token. @param {Exchange} exchange */
function tokenIn(exchange) {
  const url = tokenUrl(exchange);
  const guarded = controlToken() !== "";
  const control = guarded ? [`control = {"Authorization": f"Bearer {os.environ['${CONTROL}']}"}`] : [];
  return [...control, `token = httpx.get(${JSON.stringify(url)}${guarded ? ", headers=control" : ""}${verified(url)}).text`];
}

/** True if something of the exchange is not in the journal, so that it cannot be sent again as it was. @param {Exchange} exchange */
export const isCut = ({ request }) => (request.body ?? "").includes(REDACTED) || /\.\.\. \(\d+ bytes\)$/.test(request.body ?? "");
