// Rows of the table. Names reach the document as text only, never as markup.

const SHOWN_DECIMALS = 3;
const AXIS = { start: 4, length: 120 };

function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function shown(value) {
  return value === null ? "–" : value.toFixed(SHOWN_DECIMALS).replace("-", "−");
}

function interval(score) {
  const [, low, high] = score;
  return low === null || high === null ? "" : `${shown(low)} to ${shown(high)}`;
}

function bar(row, metric) {
  const { low, high } = metrics[metric];
  const place = (value) => AXIS.start + (AXIS.length * (value - low)) / (high - low || 1);
  const picture = document.getElementById("bar-template").content.firstElementChild.cloneNode(true);
  const part = (name, attributes) => {
    for (const [key, value] of Object.entries(attributes)) picture.querySelector(`.${name}`).setAttribute(key, value);
  };
  const [score, from, to] = row.scores[metric];
  part("fill", { x2: place(score) });
  part("mean", { cx: place(score) });
  const random = randomRows.get(row.task)?.scores[metric][0] ?? null;
  if (random === null) picture.querySelector(".chance").remove();
  else part("chance", { x1: place(random), x2: place(random) });
  if (from === null || to === null) picture.querySelector(".range").remove();
  else part("range", { d: `M${place(from)} 9H${place(to)}M${place(from)} 5V13M${place(to)} 5V13` });
  return picture;
}

function mainCell(row, metric) {
  if (row.status !== "ok") return element("td", "main", badge(row.status, row.status !== "skipped"));
  const score = row.scores[metric];
  if (score[0] === null) return element("td", "main", element("span", "none", "not defined"));
  const numbers = element("span", "numbers", element("b", "", shown(score[0])));
  if (interval(score)) numbers.append(" ", element("span", "interval", interval(score)));
  return element("td", "main", element("div", "measure", numbers, bar(row, metric)));
}

function badge(text, warns) {
  return element("span", warns ? "badge warn" : "badge", text);
}

function methodCell(row) {
  const toggle = element("button", "toggle");
  toggle.type = "button";
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-label", `Details of ${row.method} on ${row.architecture || "no network"}, ${row.task}`);
  const under = element("span", "under", row.architecture || "reference"); // where the column finds no room
  const name = element("span", "", row.method, under);
  const cell = element("th", "method", element("div", "name-line", toggle, name));
  cell.scope = "row";
  return cell;
}

function architectureCell(row) {
  return element("td", "architecture", row.reference ? badge("reference", false) : row.architecture);
}

function accuracyCell(row) {
  const cell = element("td", "number", row.accuracy === null ? "" : shown(row.accuracy));
  if (row.atChance) cell.append(" ", badge("at chance", true));
  if (!row.needsTruth) cell.append(" ", badge("needs no truth", true));
  return cell;
}

function cells(row, state, further) {
  return [
    methodCell(row),
    architectureCell(row),
    ...(state.grouped ? [] : [element("td", "", row.task)]),
    ...(metrics.length ? [mainCell(row, state.metric)] : []),
    accuracyCell(row),
    ...further.map((metric) => element("td", "number", shown(row.scores[metric][0]))),
  ];
}

function rowElement(row, state, further) {
  const line = element("tr", row.reference ? "row reference" : "row", ...cells(row, state, further));
  line.querySelector(".toggle").addEventListener("click", (event) => toggleDetails(event.currentTarget, line, row));
  return line;
}

function groupElement(task, count, width) {
  const heading = element("th", "", element("span", "name", task), element("span", "count", plural(count, "row")));
  heading.scope = "rowgroup";
  heading.colSpan = width;
  return element("tr", "group", heading);
}

function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
