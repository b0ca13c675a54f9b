/** Sends a call to the registry, as a client would, and finds its exchange in the journal. */

import { call as control } from "./api.js";
import { MARK } from "./commands.js";

/** @typedef {import("./types.js").Call} Call @typedef {import("./types.js").Answer} Answer */

/** @param {Call} call @returns {Promise<Answer>} */
export async function send(call) {
  const mark = `${MARK}${crypto.randomUUID?.() ?? `${Date.now()}-${performance.now()}`}`;
  const headers = new Headers(call.headers);
  headers.set("X-Request-Id", mark); // instead of that of the exchange that is sent again
  const began = performance.now();
  /** @type {Answer} */
  const answer = { call, status: null, headers: [], body: "", problem: "", took: 0 };
  try {
    const got = await fetch(call.url, { method: call.method, headers, body: call.body ?? null, cache: "no-store" });
    answer.status = got.status;
    answer.headers = [...got.headers];
    answer.body = await got.text();
  } catch (error) {
    answer.problem = `The browser received no whole answer (${error instanceof Error ? error.message : error}).`;
  }
  answer.took = performance.now() - began;
  const number = await numberOf(mark);
  if (number !== undefined) return { ...answer, number };
  return answer.problem ? { ...answer, problem: `${answer.problem} ${unseen(call.url)}` } : answer;
}

/** What to say of a request that did not reach the registry. @param {string} url */
export const unseen = (url) =>
  `The registry saw no such request. Can this browser reach ${new URL(url).origin}?${
    url.startsWith("https:") ? " It must trust the registry's certificate, and under mutual TLS have one of its own (docs/tls.md)." : ""
  }`;

/** @param {string} mark @returns {Promise<number | undefined>} */
async function numberOf(mark) {
  const told = await control("GET", "/journal?limit=30").catch(() => ({ exchanges: [] }));
  const marked = (/** @type {{request: {headers: Record<string, string>}}} */ each) => Object.values(each.request.headers).includes(mark);
  return told.exchanges.find(marked)?.number;
}
