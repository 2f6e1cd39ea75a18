// A list of any length: only the rows that one sees are in the page. It is a table to a screen reader, which is told
// how many rows there are; the names in the first column are links, and the arrow keys go from one to the next.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./preact.js";
import { count } from "./words.js";

const ROW_PX = 34;
const ROW_PHONE_PX = 62;
const SPARE_ROWS = 12;
const MANY_COLUMNS = 5; // scrolled sideways where the window is small
const phone = matchMedia("(max-width: 640px)");

function usePhone() {
  const [is, set] = useState(phone.matches);
  useEffect(() => {
    const told = () => set(phone.matches);
    phone.addEventListener("change", told);
    return () => phone.removeEventListener("change", told);
  }, []);
  return is;
}

/// What `filter` leaves of the rows: all its words must be in one, "field:word" in that field; "field:*": it has one.
export function filtered(rows, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  const tests = words.map((word) => {
    const [, field, value] = /^([a-z_]+):(.*)$/.exec(word) ?? [];
    return field && rows[0] && field in rows[0]
      ? (row) => (value === "*" ? Boolean(row[field]) : String(row[field]).toLowerCase().includes(value))
      : (row) => {
          for (const name in row)
            if (typeof row[name] === "string" && row[name].toLowerCase().includes(word)) return true;
          return false;
        };
  });
  return rows.filter((row) => tests.every((test) => test(row)));
}

/// By a field; by none: who is in trouble first. Equal ones stay in the node's order.
export function sorted(rows, { by, down }, isTrouble) {
  if (!by) return [...rows.filter(isTrouble), ...rows.filter((row) => !isTrouble(row))];
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = a[by] ?? "";
    const y = b[by] ?? "";
    if (x === y) return 0;
    // Nothing comes last, whichever way one looks.
    if (x === "" || x === 0) return 1;
    if (y === "" || y === 0) return -1;
    return (x < y ? -1 : 1) * sign;
  });
}

/// @param columns  [{name, title, show(row), kind, width, phone}]: `phone` columns stay on a narrow screen
/// @param href     where a row's link leads
/// @param isTrouble  whether a row comes first while nobody has chosen an order
/// @param opened   key of the row that is open
export function List({ label, topic, columns, keyOf, href, isTrouble, opened, filter = "", words, onFilter }) {
  const narrow = usePhone();
  const [order, setOrder] = useState({ by: "", down: false });
  const rows = useMemo(
    () => sorted(filtered([...topic.rows.values()], filter), order, isTrouble),
    [topic.version, topic.rows, filter, order],
  );
  const found = `${count(rows.length)}${rows.length === topic.rows.size ? "" : ` of ${count(topic.rows.size)}`}`;
  return html`<div class="list">
    <div class="toolbar" role="search" aria-label=${label}>
      <input
        type="search"
        id="filter"
        aria-label=${`Filter ${label.toLowerCase()}`}
        placeholder="Filter: words, or field:word"
        value=${filter}
        onInput=${(event) => onFilter(event.target.value)}
      />
      ${words && html`<${Words} list=${words} filter=${filter} onFilter=${onFilter} />`}
      ${narrow && html`<${SortSelect} columns=${columns} order=${order} setOrder=${setOrder} />`}
      <span class="count" id="list-count">${topic.state === "ready" ? found : "…"}</span>
    </div>
    <${Window}
      label=${label}
      rows=${rows}
      columns=${opened && !narrow ? columns.filter((each, i) => i === 0 || each.phone) : columns}
      keyOf=${keyOf}
      href=${href}
      opened=${opened}
      order=${order}
      setOrder=${setOrder}
      row_px=${narrow ? ROW_PHONE_PX : ROW_PX}
      empty=${topic.state === "loading" ? "Loading …" : filter ? "Nothing has these words." : "None."}
    />
  </div>`;
}

/// Buttons for filters that one needs often.
const Words = ({ list, filter, onFilter }) =>
  html`<span class="chips" role="group" aria-label="Frequent filters">
    ${list.map(
      ([text, value]) =>
        html`<button
          type="button"
          class="chip"
          aria-pressed=${filter === value}
          onClick=${() => onFilter(filter === value ? "" : value)}
        >
          ${text}
        </button>`,
    )}
  </span>`;

const SortSelect = ({ columns, order, setOrder }) =>
  html`<select
    aria-label="Sort by"
    value=${order.by}
    onChange=${(event) => setOrder({ by: event.target.value, down: true })}
  >
    <option value="">Trouble first</option>
    ${columns.map((each) => html`<option value=${each.name}>${each.title}</option>`)}
  </select>`;

function Window({ label, rows, columns, keyOf, href, opened, order, setOrder, row_px, empty }) {
  const box = useRef(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [at, setAt] = useState(null); // key of the row whose link takes part in the tab order
  const wanted = useRef(null); // key of the row that gets the focus once it is there
  useLayoutEffect(() => {
    const look = () => setView({ top: box.current.scrollTop, height: box.current.clientHeight });
    look();
    const sized = new ResizeObserver(look);
    sized.observe(box.current);
    return () => sized.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const link = box.current.querySelector(`[data-key="${CSS.escape(wanted.current)}"] a`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  });
  const first = Math.max(0, Math.floor(view.top / row_px) - SPARE_ROWS);
  const end = Math.min(rows.length, Math.ceil((view.top + view.height) / row_px) + SPARE_ROWS);
  const shown = rows.slice(first, end);
  const inOrder = shown.some((row) => keyOf(row) === at) ? at : shown.length ? keyOf(shown[0]) : null;
  const go = (index) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    const key = keyOf(rows[to]);
    wanted.current = key;
    setAt(key);
    const { scrollTop, clientHeight } = box.current;
    const head = box.current.querySelector(".head").offsetHeight;
    if (to * row_px < scrollTop) box.current.scrollTop = to * row_px;
    else if ((to + 1) * row_px > scrollTop + clientHeight - head)
      box.current.scrollTop = (to + 1) * row_px - clientHeight + head;
    setView({ top: box.current.scrollTop, height: clientHeight });
  };
  const pressed = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !event.target.closest("[data-key]")) return;
    const key = event.target.closest("[data-key]").dataset.key;
    const index = rows.findIndex((row) => keyOf(row) === key);
    const page = Math.max(1, Math.floor(view.height / row_px) - 2);
    const steps = { ArrowDown: index + 1, j: index + 1, ArrowUp: index - 1, k: index - 1 };
    const jumps = { PageDown: index + page, PageUp: index - page, Home: 0, End: rows.length - 1 };
    const to = steps[event.key] ?? jumps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  const template = columns.map((each) => each.width ?? "1fr").join(" ");
  return html`<div
    class=${`window ${columns.length > MANY_COLUMNS ? "many" : ""}`}
    ref=${box}
    role="table"
    aria-label=${label}
    aria-rowcount=${rows.length + 1}
    aria-colcount=${columns.length}
    onScroll=${(event) => setView({ top: event.target.scrollTop, height: event.target.clientHeight })}
    onKeyDown=${pressed}
  >
    <div role="rowgroup" class="head">
      <div role="row" aria-rowindex="1" style=${{ gridTemplateColumns: template }}>
        ${columns.map((each) => html`<${Head} column=${each} order=${order} setOrder=${setOrder} />`)}
      </div>
    </div>
    <div role="rowgroup" class="body" style=${{ height: `${Math.max(rows.length, 1) * row_px}px` }}>
      ${shown.map((row, i) => {
        const key = keyOf(row);
        return html`<div
          role="row"
          key=${key}
          data-key=${key}
          aria-rowindex=${first + i + 2}
          class=${key === opened ? "opened" : ""}
          style=${{
            gridTemplateColumns: template,
            height: `${row_px}px`,
            transform: `translateY(${(first + i) * row_px}px)`,
          }}
        >
          ${columns.map(
            (column, c) =>
              html`<div
                role="cell"
                data-title=${column.title.toLowerCase()}
                class=${`${column.kind ?? ""} ${column.phone || c === 0 ? "" : "wide"}`}
              >
                ${
                  c === 0
                    ? html`<a
                        href=${href(row)}
                        tabindex=${key === inOrder ? 0 : -1}
                        aria-current=${key === opened ? "true" : undefined}
                        onFocus=${() => setAt(key)}
                        title=${row[column.name]}
                        >${column.show ? column.show(row) : row[column.name]}</a
                      >`
                    : column.show
                      ? column.show(row)
                      : row[column.name]
                }
              </div>`,
          )}
        </div>`;
      })}
    </div>
    ${
      rows.length === 0 &&
      html`<div role="rowgroup">
        <div role="row"><div role="cell" class="empty">${empty}</div></div>
      </div>`
    }
  </div>`;
}

function Head({ column, order, setOrder }) {
  const mine = order.by === column.name;
  const press = () =>
    setOrder(
      mine
        ? order.down
          ? { by: column.name, down: false }
          : { by: "", down: false }
        : { by: column.name, down: true },
    );
  return html`<div
    role="columnheader"
    class=${column.kind ?? ""}
    aria-sort=${mine ? (order.down ? "descending" : "ascending") : "none"}
  >
    <button type="button" onClick=${press}>
      ${column.title}<span aria-hidden="true">${mine ? (order.down ? " ↓" : " ↑") : ""}</span>
    </button>
  </div>`;
}
