/** The documented errors, as the README's table has them, each with a request that provokes it. */

import { APPOINTMENT, BOOKED, JSON_TYPE, simple } from "./calls.js";

/** @typedef {import("./calls.js").Making} Making */

const SYSTEM = "https://fhir.nhs.uk/Id/nhs-number";
const good = JSON.stringify(APPOINTMENT);
const cancelled = JSON.stringify({ ...APPOINTMENT, id: "another", status: "cancelled" });
const patient = (/** @type {string} */ value) => `/Appointment?Patient=${encodeURIComponent(value)}`;

/** With the headers that a token of its own makes. @param {string} query @param {string} method @param {string} path @param {Record<string, string>} [headers] @param {string} [body] @returns {Making} */
const with_ =
  (query, method, path, headers = {}, body) =>
  async ({ base, token }) => ({
    method,
    url: `${base}${path}`,
    headers: { ...headers, ...(await token(query)) },
    ...(body === undefined ? {} : { body }),
  });

/** @type {Making} */
async function changed({ base, token, read }) {
  const text = (await read(BOOKED)).replace('"status":"booked"', '"status":"cancelled"').replace("T09:30", "T10:30");
  const version = /"versionId":"(\d+)"/.exec(text)?.[1] ?? "1";
  return { method: "PUT", url: `${base}/Appointment/${BOOKED}`, headers: { ...(await token()), ...JSON_TYPE, "If-Match": `W/"${version}"` }, body: text };
}

/** @type {Making} */
async function misdirected({ base, token, read }) {
  const version = /"versionId":"(\d+)"/.exec(await read(BOOKED))?.[1] ?? "1";
  return { method: "PUT", url: `${base}/Appointment/${BOOKED}`, headers: { ...(await token()), ...JSON_TYPE, "If-Match": `W/"${version}"` }, body: cancelled };
}

/** @type {{status: number, when: string, code: string, make: Making}[]} */
export const ERRORS = [
  { status: 400, when: "the body is not well-formed", code: "MESSAGE_NOT_WELL_FORMED", make: simple("POST", "/Appointment", JSON_TYPE, "{") },
  {
    status: 400,
    when: "the body cannot be read as a STU3 Appointment",
    code: "INVALID_REQUEST_MESSAGE",
    make: simple("POST", "/Appointment", JSON_TYPE, '{"resourceType": "Appointment", "statuz": "booked"}'),
  },
  { status: 400, when: "a parameter is not supported", code: "INVALID_PARAMETER", make: simple("GET", "/Appointment?status=booked") },
  { status: 400, when: "the patient is not an NHS number", code: "INVALID_NHS_NUMBER", make: simple("GET", patient(`${SYSTEM}|12345`)) },
  { status: 400, when: "the patient's system is missing or wrong", code: "INVALID_IDENTIFIER_SYSTEM", make: simple("GET", patient("9990001111")) },
  { status: 400, when: "the body's id differs from the URL's", code: "CONFLICTING_VALUES", make: misdirected },
  { status: 403, when: "no token", code: "ACCESS DENIED", make: async ({ base }) => ({ method: "GET", url: `${base}/Appointment/${BOOKED}`, headers: {} }) },
  { status: 403, when: "an expired token", code: "ACCESS DENIED", make: with_("expires_in=-60", "GET", `/Appointment/${BOOKED}`) },
  { status: 403, when: "a token that may only read", code: "ACCESS DENIED", make: with_("client=sandbox-reader", "POST", "/Appointment", JSON_TYPE, good) },
  { status: 404, when: "there is no such appointment", code: "NO_RECORD_FOUND", make: simple("GET", "/Appointment/unknown") },
  { status: 404, when: "there is no such version", code: "NO_RECORD_FOUND", make: simple("GET", `/Appointment/${BOOKED}/_history/7`) },
  { status: 405, when: "the path does not take the method", code: "NOT_IMPLEMENTED", make: simple("DELETE", `/Appointment/${BOOKED}`) },
  {
    status: 406,
    when: "the client accepts neither JSON nor XML",
    code: "NOT_IMPLEMENTED",
    make: simple("GET", `/Appointment/${BOOKED}`, { Accept: "text/html" }),
  },
  {
    status: 409,
    when: "If-Match names another version",
    code: "FHIR_CONSTRAINT_VIOLATION",
    make: simple("PUT", `/Appointment/${BOOKED}`, { ...JSON_TYPE, "If-Match": 'W/"7"' }, cancelled),
  },
  {
    status: 412,
    when: "there is no If-Match, or it is `*`",
    code: "MISSING_OR_INVALID_HEADER",
    make: simple("PUT", `/Appointment/${BOOKED}`, JSON_TYPE, cancelled),
  },
  { status: 413, when: "the body is too large", code: "BAD_REQUEST", make: simple("POST", "/Appointment", JSON_TYPE, " ".repeat(2_000_000)) },
  {
    status: 415,
    when: "the body is neither JSON nor XML",
    code: "UNSUPPORTED_MEDIA_TYPE",
    make: simple("POST", "/Appointment", { "Content-Type": "text/plain" }, good),
  },
  {
    status: 422,
    when: "the body does not conform to the profiles",
    code: "INVALID_RESOURCE",
    make: simple("POST", "/Appointment", JSON_TYPE, good.replace('"booked"', '"proposed"')),
  },
  {
    status: 422,
    when: "the client assigns an id",
    code: "MSG_RESOURCE_ID_FAIL",
    make: simple("POST", "/Appointment", JSON_TYPE, JSON.stringify({ id: "mine", ...APPOINTMENT })),
  },
  { status: 422, when: "a cancel changes more than the status", code: "INVALID_RESOURCE", make: changed },
  { status: 500, when: "a sentinel, or a fault", code: "INTERNAL_SERVER_ERROR", make: simple("GET", patient(`${SYSTEM}|9999535003`)) },
];
