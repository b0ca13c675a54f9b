/**
 * A list of thousands of rows, of which only those in sight are in the document. Rows are keyed: what has the focus keeps
 * it, and what is looked at stays where it is, when others arrive above it.
 */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";

const MARGIN = 8; // rows above and below what is in sight

/**
 * @template T
 * @param {{rows: T[], keyOf: (row: T) => string | number, cells: (row: T) => unknown, heads: unknown, label: string,
 *   open?: string | number, onOpen: (row: T) => void, height: number, kind: string}} props
 */
export function Rows({ rows, keyOf, cells, heads, label, open, onOpen, height, kind }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const anchor = useRef(/** @type {{key: string | number | undefined, at: number}} */ ({ key: undefined, at: 0 }));
  const [sight, setSight] = useState({ top: 0, height: 600 });
  const [focused, setFocused] = useState(/** @type {string | number | undefined} */ (undefined));
  const wanted = useRef(/** @type {string | number | undefined} */ (undefined));

  const look = () => {
    const { scrollTop = 0, clientHeight = 600 } = box.current ?? {};
    if (scrollTop !== sight.top || clientHeight !== sight.height) setSight({ top: scrollTop, height: clientHeight });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  // To move a row in the document takes the focus from it, and rows are moved when others come.
  const active = document.activeElement;
  const held = useRef(/** @type {string | undefined} */ (undefined));
  held.current = active instanceof HTMLElement && box.current?.contains(active) ? active.dataset.key : undefined;
  useLayoutEffect(() => {
    if (held.current !== undefined && !box.current?.contains(document.activeElement)) focusOn(box.current, held.current);
  });

  // What is opened from elsewhere is scrolled to, once.
  const sought = useRef(/** @type {string | number | undefined} */ (undefined));
  useLayoutEffect(() => {
    if (open === sought.current || !box.current) return;
    const at = open === undefined ? -1 : rows.findIndex((each) => keyOf(each) === open);
    if (open !== undefined && at < 0) return; // it is not loaded yet
    const closed = open === undefined ? sought.current : undefined;
    sought.current = open;
    if (closed !== undefined && document.activeElement === document.body) {
      wanted.current = closed; // the focus was in what is closed now: it goes back to the row
      setFocused(closed);
    }
    const { scrollTop, clientHeight } = box.current;
    if (at >= 0 && (at * height < scrollTop || (at + 1) * height > scrollTop + clientHeight)) {
      box.current.scrollTop = at * height - clientHeight / 2;
      anchor.current = { key: undefined, at: 0 };
    }
  });

  useLayoutEffect(() => {
    const { key, at } = anchor.current;
    if (box.current && key !== undefined && box.current.scrollTop > 0 && (rows[at] === undefined || keyOf(rows[at]) !== key)) {
      const now = rows.findIndex((each) => keyOf(each) === key);
      if (now >= 0) box.current.scrollTop += (now - at) * height;
    }
    const first = Math.floor((box.current?.scrollTop ?? 0) / height);
    anchor.current = { key: rows[first] && keyOf(rows[first]), at: first };
    if (wanted.current !== undefined) {
      focusOn(box.current, `${wanted.current}`);
      wanted.current = undefined;
    }
  });

  const first = Math.max(Math.floor(sight.top / height) - MARGIN, 0);
  const last = Math.min(Math.ceil((sight.top + sight.height) / height) + MARGIN, rows.length);
  const shown = rows.slice(first, last).map((row, at) => ({ row, at: first + at }));
  const kept = focused === undefined ? -1 : rows.findIndex((each) => keyOf(each) === focused);
  if (kept >= 0 && (kept < first || kept >= last)) shown.push({ row: /** @type {T} */ (rows[kept]), at: kept });
  const stop = kept >= 0 ? focused : rows[0] && keyOf(rows[0]);

  const move = (/** @type {number} */ to) => {
    const at = Math.min(Math.max(to, 0), rows.length - 1);
    const row = rows[at];
    if (!box.current || row === undefined) return;
    const { scrollTop, clientHeight } = box.current;
    if (at * height < scrollTop) box.current.scrollTop = at * height;
    if ((at + 2) * height > scrollTop + clientHeight) box.current.scrollTop = (at + 2) * height - clientHeight;
    wanted.current = keyOf(row);
    setFocused(wanted.current);
    look();
  };
  const pressed = (/** @type {KeyboardEvent} */ event, /** @type {T} */ row, /** @type {number} */ at) => {
    const page = Math.max(Math.floor(sight.height / height) - 1, 1);
    const steps = /** @type {Record<string, number>} */ ({
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    });
    const to = steps[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" || event.key === " ") onOpen(row);
    else return;
    event.preventDefault();
  };

  return html`<div class=${`rows ${kind}`} role="grid" aria-label=${label} aria-rowcount=${rows.length + 1}>
    <div role="rowgroup"><div class="row head" role="row" aria-rowindex="1">${heads}</div></div>
    <div class="scroll" role="rowgroup" ref=${box} onScroll=${look}>
      <div class="all" role="presentation" style=${{ height: `${rows.length * height}px` }}>
        ${shown.map(
          ({ row, at }) => html`<div key=${keyOf(row)} data-key=${keyOf(row)} class=${`row${keyOf(row) === open ? " open" : ""}`}
          role="row" aria-rowindex=${at + 2} aria-selected=${keyOf(row) === open ? "true" : "false"} tabindex=${keyOf(row) === stop ? 0 : -1}
          style=${{ top: `${at * height}px`, height: `${height}px` }} onFocus=${() => setFocused(keyOf(row))}
          onClick=${() => onOpen(row)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => pressed(event, row, at)}>${cells(row)}</div>`,
        )}
      </div></div></div>`;
}

/** @param {HTMLElement | null} box @param {string} key */
function focusOn(box, key) {
  const row = box?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (row instanceof HTMLElement) row.focus({ preventScroll: true });
}

/** @param {{children?: unknown, kind?: string}} props */
export const Cell = ({ children, kind = "" }) => html`<span role="gridcell" class=${kind}>${children}</span>`;

/** @param {{children?: unknown, kind?: string}} props */
export const Head = ({ children, kind = "" }) => html`<span role="columnheader" class=${kind}>${children}</span>`;

/** True while the page is narrow. @returns {boolean} */
export function useNarrow() {
  const [query] = useState(() => matchMedia("(max-width: 48rem)"));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const changed = () => setNarrow(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return narrow;
}
