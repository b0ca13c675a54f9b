/** Why an answer is what it is: the issues of its OperationOutcome, and what a client should do next. */

/** @typedef {import("./types.js").Issue} Issue */

const NEXT = new Map([
  [400, "The registry could not read the request. Mend the body or the query: repeating it unchanged helps nobody."],
  [401, "The token endpoint does not know this client. Check client_id and client_secret."],
  [403, "The token is missing, was not accepted, or may not do this. Get a new one; the text says which check failed."],
  [404, "There is no such appointment, version or path. Use the ids and Locations that the registry gave."],
  [405, "This path does not take the method. The Allow header lists those that it takes."],
  [406, "The registry has JSON and XML only: send Accept: application/fhir+json or application/fhir+xml."],
  [408, "The request took too long. Whether it had an effect is unknown: read or search before you repeat it."],
  [409, "Somebody wrote before you. Read the appointment again, and send If-Match with the version that you read."],
  [412, 'A cancel must say which version it means. Read the appointment, and send its version as If-Match: W/"1".'],
  [413, "The body is larger than the registry takes."],
  [415, "Send Content-Type: application/fhir+json or application/fhir+xml, for FHIR STU3."],
  [422, "The registry could read the body, and may not accept it. Each finding names the element and what was expected."],
  [429, "Too many requests. Wait for as many seconds as Retry-After says."],
  [500, "The outcome is unknown. Read or search first; then it may be repeated."],
  [502, "The outcome is unknown. Read or search first; then it may be repeated, with growing pauses."],
  [503, "The registry is not there for now. Wait for Retry-After, and repeat with growing pauses."],
  [504, "The outcome is unknown. Read or search first; then it may be repeated, with growing pauses."],
]);

/** What a client should do next, in a sentence or two. @param {number | null} status @param {string} ended */
export function next(status, ended) {
  if (status === null && ended === "under way") return "The exchange is still under way.";
  if (status === null) return "The client received no answer, so it cannot know what happened. It should read or search before it repeats a write.";
  return NEXT.get(status) ?? "";
}

/** Return the issues of an OperationOutcome, or the error of the token endpoint. @param {string} body @returns {Issue[]} */
export function issues(body) {
  const text = body.trim();
  try {
    return text.startsWith("<") ? ofXml(text) : ofJson(JSON.parse(text));
  } catch {
    return [];
  }
}

/** @param {any} told @returns {Issue[]} */
function ofJson(told) {
  if (typeof told?.error === "string") {
    return [{ severity: "error", code: told.error, spine: "", diagnostics: `${told.error_description ?? ""}`, location: "" }];
  }
  if (told?.resourceType !== "OperationOutcome") return [];
  return told.issue.map((/** @type {any} */ each) => ({
    severity: `${each.severity ?? ""}`,
    code: `${each.code ?? ""}`,
    spine: `${each.details?.coding?.[0]?.code ?? ""}`,
    diagnostics: `${each.diagnostics ?? ""}`,
    location: `${each.location?.[0] ?? ""}`,
  }));
}

/** @param {string} text @returns {Issue[]} */
function ofXml(text) {
  const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
  if (root.localName !== "OperationOutcome") return [];
  return [...root.children]
    .filter((each) => each.localName === "issue")
    .map((issue) => {
      const value = (/** @type {string[]} */ ...path) =>
        path
          .reduce((/** @type {Element | undefined} */ at, name) => [...(at?.children ?? [])].find((each) => each.localName === name), issue)
          ?.getAttribute("value") ?? "";
      return {
        severity: value("severity"),
        code: value("code"),
        spine: value("details", "coding", "code"),
        diagnostics: value("diagnostics"),
        location: value("location"),
      };
    });
}
