/**
 * Server-sent events, read as a stream of `fetch`: EventSource cannot send the control token, and a token must not
 * stand in a URL. Source: HTML Living Standard, section 9.2.
 */

import { authorization, root } from "./api.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8_000;
const SILENCE = 40_000; // the server sends a comment every 15 s

/**
 * Follow the events until the signal is given; connect again whenever the stream ends.
 * @param {{opened: () => void, told: (kind: string, data: any) => void, lost: () => void, refused: (status: number) => void}} on
 * @param {AbortSignal} signal
 */
export async function follow(on, signal) {
  let last = "";
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    let failed = on.lost;
    try {
      const headers = { ...authorization(), ...(last ? { "Last-Event-ID": last } : {}) };
      const answer = await fetch(`${root()}/events`, { headers, signal, cache: "no-store" });
      if (answer.ok && answer.body) {
        pause = FIRST_PAUSE;
        on.opened();
        for await (const block of blocks(answer.body, signal)) {
          last = block.id || last;
          if (block.kind && !signal.aborted) on.told(block.kind, JSON.parse(block.data));
        }
      } else failed = () => on.refused(answer.status);
    } catch {
      // The server stopped, the network failed, or the signal was given.
    }
    if (!signal.aborted) failed();
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}

/** @param {ReadableStream<Uint8Array>} body @param {AbortSignal} signal */
async function* blocks(body, signal) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!signal.aborted) {
    const part = await inTime(reader.read(), reader);
    if (part.done) return;
    text += decoder.decode(part.value, { stream: true });
    const whole = text.split("\n\n");
    text = whole.pop() ?? "";
    for (const each of whole) yield block(each);
  }
}

/**
 * @param {Promise<ReadableStreamReadResult<Uint8Array>>} coming
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 */
async function inTime(coming, reader) {
  const timer = setTimeout(() => reader.cancel().catch(() => {}), SILENCE);
  try {
    return await coming;
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} text */
function block(text) {
  const told = { id: "", kind: "", data: "" };
  for (const line of text.split("\n")) {
    const [name, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)];
    if (name === "id") told.id = value;
    if (name === "event") told.kind = value;
    if (name === "data") told.data += value;
  }
  return told;
}
