/** The contract's calls, with appointments that the sandbox is seeded with. */

/**
 * @typedef {{base: string, token: (query?: string) => Promise<Record<string, string>>, read: (id: string) => Promise<string>}} Tools
 * @typedef {(tools: Tools) => Promise<import("../types.js").Call>} Making
 */

export const JSON_TYPE = { "Content-Type": "application/fhir+json" };
export const BOOKED = "booked-tomorrow";
const TWO_VERSIONS = "eef4f241-e276-4c9e-8d1f-6d12dcdc0086";
const SYSTEM = "https://fhir.nhs.uk/Id/nhs-number";

/** The appointment of the README. */
export const APPOINTMENT = {
  resourceType: "Appointment",
  identifier: [{ system: "urn:ietf:rfc:3986", value: "https://provider.example.test/appointments/4711" }],
  status: "booked",
  start: "2031-05-06T09:30:00+01:00",
  end: "2031-05-06T09:40:00+01:00",
  created: "2026-11-20T16:05:00Z",
  participant: [{ actor: { identifier: { use: "official", system: SYSTEM, value: "9990001111" } }, status: "accepted" }],
};

/** @param {string} method @param {string} path @param {Record<string, string>} [headers] @param {string} [body] @returns {Making} */
export const simple =
  (method, path, headers = {}, body) =>
  async ({ base, token }) => ({
    method,
    url: `${base}${path}`,
    headers: { ...(await token()), ...headers },
    ...(body === undefined ? {} : { body }),
  });

/** @type {Making} */
async function cancel({ base, token, read }) {
  const text = await read(BOOKED);
  const version = /"versionId":"(\d+)"/.exec(text)?.[1] ?? "1";
  const headers = { ...(await token()), ...JSON_TYPE, "If-Match": `W/"${version}"` };
  return { method: "PUT", url: `${base}/Appointment/${BOOKED}`, headers, body: text.replace('"status":"booked"', '"status":"cancelled"') };
}

/** @type {{name: string, about: string, make: Making}[]} */
export const CALLS = [
  {
    name: "Register",
    about: "POST a new appointment; the answer has its id, its version and its Location.",
    make: simple("POST", "/Appointment", JSON_TYPE, JSON.stringify(APPOINTMENT, null, 2)),
  },
  {
    name: "Search",
    about: "All coming appointments of one patient.",
    make: simple("GET", `/Appointment?Patient=${encodeURIComponent(`${SYSTEM}|9991000011`)}`),
  },
  { name: "Read", about: "One appointment, in its current version.", make: simple("GET", `/Appointment/${BOOKED}`) },
  { name: "Read as XML", about: "The same, in the other format.", make: simple("GET", `/Appointment/${BOOKED}`, { Accept: "application/fhir+xml" }) },
  { name: "Read one version", about: "A version as it was, by its number.", make: simple("GET", `/Appointment/${TWO_VERSIONS}/_history/1`) },
  { name: "History", about: "All versions, the newest first.", make: simple("GET", `/Appointment/${TWO_VERSIONS}/_history`) },
  { name: "Cancel", about: "PUT what was read with no change but the status; If-Match names the version that was read.", make: cancel },
  {
    name: "Validate",
    about: "What the registry would say of a body, without storing it.",
    make: simple("POST", "/Appointment/$validate", JSON_TYPE, JSON.stringify({ ...APPOINTMENT, status: "proposed" }, null, 2)),
  },
  {
    name: "Metadata",
    about: "The CapabilityStatement: what the registry can do. It needs no token.",
    make: async ({ base }) => ({ method: "GET", url: `${base}/metadata`, headers: {} }),
  },
  { name: "The profile", about: "The definition that every appointment is judged by.", make: simple("GET", "/StructureDefinition/Registry-Appointment-1") },
];
