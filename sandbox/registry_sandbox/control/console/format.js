/** Bodies as lines that people read, with the XPath of each element: from JSON or XML as it was sent, number for number. */

/** @typedef {import("./types.js").Line} Line */

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?[\d.][\d.eE+-]*|true|false|null|[{}[\],:]|\s+/y;
const XML_TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<\/[^>]+>|<(?:"[^"]*"|'[^']*'|[^>"'])+>|[^<]+/y;
const LONGEST = 200_000;

/** Return a body as lines; as they are where it is neither JSON nor XML. @param {string} body @returns {Line[]} */
export function lines(body) {
  const text = body.trim();
  const read = text.length > LONGEST ? null : text.startsWith("<") ? xmlLines(text) : jsonLines(text);
  return read ?? body.split("\n").map((each) => line(0, [[each, "text"]], ""));
}

/** What turns the direction of a text, or cannot be seen, so that it seems to say something else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A text with an escape for each character that cannot be seen. @param {string} text */
export const visible = (text) => text.replace(UNSEEN, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** One spelling of a path: the first of its kind needs no number. @param {string} path */
export const plainPath = (path) => path.replaceAll("[1]", "");

/** @param {number} depth @param {[string, string][]} kinds @param {string} path @returns {Line} */
function line(depth, kinds, path) {
  return { depth, kinds, path: plainPath(path), text: kinds.map(([text]) => text).join(""), end: 0 };
}

/** @param {string} text @param {RegExp} pattern @returns {string[] | null} */
function tokens(text, pattern) {
  const found = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return null;
    if (match[0].trim()) found.push(match[0]);
  }
  return found;
}

/** @param {string} text @returns {Line[] | null} */
function jsonLines(text) {
  const read = tokens(text, JSON_TOKEN);
  if (!read?.length) return null;
  /** @type {Line[]} */
  const made = [];
  const type = /"resourceType"\s*:\s*"([A-Za-z]+)"/.exec(text)?.[1] ?? "";
  let at = 0;

  /** @param {number} depth @param {[string, string][]} before @param {string} path */
  function value(depth, before, path) {
    const token = read?.[at++] ?? "";
    if (token !== "{" && token !== "[") {
      made.push(line(depth, [...before, [token, token.startsWith('"') ? "string" : "number"]], path));
      return;
    }
    const close = token === "{" ? "}" : "]";
    if (read?.[at] === close) {
      at += 1;
      made.push(line(depth, [...before, [token + close, "mark"]], path));
      return;
    }
    const opening = line(depth, [...before, [token, "mark"]], path);
    made.push(opening);
    for (let index = 1; at < (read?.length ?? 0) && read?.[at] !== close; index += 1) {
      if (token === "{") member(depth + 1, path);
      else value(depth + 1, [], `${path}[${index}]`);
      if (read?.[at] === ",") {
        at += 1;
        made.at(-1)?.kinds.push([",", "mark"]);
      }
    }
    at += 1;
    opening.end = made.push(line(depth, [[close, "mark"]], "")) - 1;
  }

  /** @param {number} depth @param {string} path */
  function member(depth, path) {
    const name = read?.[at] ?? "";
    at += 2;
    const below = `${path}/f:${name.slice(1, -1).replace(/^_/, "")}`;
    value(
      depth,
      [
        [name, "name"],
        [": ", "mark"],
      ],
      below,
    );
  }

  value(0, [], type ? `/f:${type}` : "");
  return at === read.length ? made : null;
}

/** @param {string} text @returns {Line[] | null} */
function xmlLines(text) {
  const read = tokens(text, XML_TOKEN);
  if (!read?.length) return null;
  /** @type {Line[]} */
  const made = [];
  /** @type {{path: string, counts: Map<string, number>, at: number, name: string}[]} */
  const open = [{ path: "", counts: new Map(), at: 0, name: "" }];
  for (const token of read) {
    const above = open.at(-1);
    if (!above) return null;
    const name = /^<\/?([^\s/>]+)/.exec(token)?.[1] ?? "";
    if (token.startsWith("</")) {
      if (open.length === 1 || above.name !== name) return null;
      open.pop();
      const opening = made[above.at];
      if (opening) opening.end = made.push(line(open.length - 1, [[token, "name"]], "")) - 1;
    } else if (/^<[?!]/.test(token) || !token.startsWith("<")) {
      made.push(line(open.length - 1, [[token.trim(), token.startsWith("<") ? "mark" : "string"]], above.path));
    } else {
      const local = name.replace(/^.*:/, "");
      const count = (above.counts.get(local) ?? 0) + 1;
      above.counts.set(local, count);
      const path = `${above.path}/f:${local}[${count}]`;
      const at = made.push(line(open.length - 1, tag(token), path)) - 1;
      if (!token.endsWith("/>")) open.push({ path, counts: new Map(), at, name });
    }
  }
  return open.length === 1 ? made : null;
}

/** @param {string} token @returns {[string, string][]} */
function tag(token) {
  return token
    .split(/("[^"]*"|'[^']*')/)
    .filter(Boolean)
    .map((part) => [part, /^["']/.test(part) ? "string" : "name"]);
}

/** @param {string} text a body @returns {string[]} its lines, indented */
export const indented = (text) => lines(text).map(({ depth, kinds }) => "  ".repeat(depth) + kinds.map(([each]) => each).join(""));
