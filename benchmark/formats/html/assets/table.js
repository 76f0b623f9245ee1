// The table: its head, and its rows in portions, so that ten thousand stay fluid.

const PORTION = 100;
const table = document.getElementById("table");
const scroll = table.closest(".scroll");
const more = scroll.querySelector(".more");
const view = { state: initialState(), rows: [], drawn: 0 };

function furtherColumns() {
  return [...view.state.columns].filter((metric) => metric !== view.state.metric).sort((a, b) => a - b);
}

function headings() {
  const { state } = view;
  const metric = (position) => ({ key: position, label: metrics[position].label, kind: "number" });
  return [
    { key: "method", label: "method" },
    { key: "architecture", label: "architecture", kind: "architecture" },
    ...(state.grouped ? [] : [{ key: "task", label: "task" }]),
    ...(metrics.length ? [{ ...metric(state.metric), kind: "main" }] : []),
    { key: "accuracy", label: "accuracy", kind: "number" },
    ...furtherColumns().map(metric),
  ];
}

function headingElement({ key, label, kind = "" }) {
  const button = element("button", "", element("span", "", label), element("span", "arrow"));
  button.type = "button";
  button.dataset.key = key;
  button.addEventListener("click", () => {
    view.state.sort = sortFor(key, view.state.sort);
    draw();
  });
  const content = kind === "main" ? element("div", "main-heading", button, axisElement()) : button;
  const cell = element("th", kind, content);
  cell.scope = "col";
  return cell;
}

function axisElement() {
  const { low, high } = metrics[view.state.metric];
  const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
  const axis = element("span", "axis", element("span", "", short(low)), element("span", "", short(high)));
  axis.setAttribute("aria-hidden", "true");
  return axis;
}

function drawHead() {
  table.tHead.replaceChildren(element("tr", "", ...headings().map(headingElement)));
}

function markSorted() {
  const { key, descending } = view.state.sort;
  for (const cell of table.tHead.rows[0].cells) {
    const sorted = cell.querySelector("button").dataset.key === String(key);
    if (sorted) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
}

function draw() {
  view.rows = selected(view.state);
  view.drawn = 0;
  for (const body of [...table.tBodies]) body.remove();
  scroll.scrollTop = 0;
  markSorted();
  drawPortion(PORTION);
  announce();
}

function drawPortion(size) {
  const further = furtherColumns();
  const width = table.tHead.rows[0].cells.length;
  const end = Math.min(view.drawn + size, view.rows.length);
  for (; view.drawn < end; view.drawn += 1) {
    const row = view.rows[view.drawn];
    bodyFor(row, width).append(rowElement(row, view.state, further));
  }
  if (!view.rows.length) table.append(element("tbody", "", emptyElement(width)));
  more.hidden = view.drawn === view.rows.length;
}

function bodyFor(row, width) {
  const last = table.tBodies[table.tBodies.length - 1];
  const before = view.drawn > 0 ? view.rows[view.drawn - 1] : null;
  if (last && !(view.state.grouped && before.task !== row.task)) return last;
  const body = element("tbody");
  if (view.state.grouped) {
    const count = view.rows.filter((other) => other.task === row.task).length;
    body.append(groupElement(row.task, count, width));
  }
  table.append(body);
  return body;
}

function emptyElement(width) {
  const cell = element("td", "empty", "No row matches. Change or reset the filters.");
  cell.colSpan = width;
  return element("tr", "", cell);
}

function announce() {
  const { key, descending } = view.state.sort;
  const label = typeof key === "number" ? metrics[key]?.label : key;
  const order = label ? `, sorted by ${label}, ${descending ? "descending" : "ascending"}` : "";
  const count = `${view.rows.length.toLocaleString("en")} of ${plural(data.rows.length, "row")}${order}.`;
  document.getElementById("status").textContent = count;
}

function drawRest() {
  drawPortion(view.rows.length);
}

new IntersectionObserver(
  (entries) => { if (entries.some((entry) => entry.isIntersecting)) drawPortion(PORTION); },
  { root: scroll, rootMargin: "800px" },
).observe(more);
document.getElementById("all").addEventListener("click", drawRest);
addEventListener("beforeprint", drawRest);
