// The embedded leaderboard, and how the page orders and filters it. Nothing here touches the document.

const data = JSON.parse(document.getElementById("data").textContent);
const metrics = data.metrics;
const collator = new Intl.Collator("en", { numeric: true });
const TEXT_KEYS = ["task", "architecture", "method"];

const distinct = (values) => [...new Set(values)];
const tasks = distinct(data.rows.map((row) => row.task));
const taskOrder = new Map(tasks.map((task, position) => [task, position]));

for (const row of data.rows) {
  row.reference = row.architecture === "";
  row.words = `${row.task} ${row.architecture || "reference"} ${row.method} ${row.status}`.toLowerCase();
}

const isRandom = (row) => row.reference && row.method === "random-uniform";
const randomRows = new Map(data.rows.filter(isRandom).map((row) => [row.task, row]));

function initialState() {
  return {
    text: "", task: "*", architecture: "*", method: "*",
    metric: data.main,
    columns: new Set(data.shown),
    grouped: true,
    sort: bestFirst(data.main),
  };
}

function bestFirst(metric) {
  return { key: metric, descending: metrics[metric]?.higher !== false };
}

function sortFor(key, current) {
  if (current.key === key) return { key, descending: !current.descending };
  if (typeof key === "number") return bestFirst(key);
  return { key, descending: key === "accuracy" };
}

function valueOf(row, key) {
  if (typeof key === "number") return row.scores[key][0];
  return row[key];
}

function matches(row, state, words) {
  return (state.task === "*" || row.task === state.task)
    && (state.architecture === "*" || row.architecture === state.architecture)
    && (state.method === "*" || row.method === state.method)
    && words.every((word) => row.words.includes(word));
}

function comparison({ key, descending }) {
  const sign = descending ? -1 : 1;
  if (TEXT_KEYS.includes(key)) return (a, b) => sign * collator.compare(a[key], b[key]);
  return (a, b) => {
    const [x, y] = [valueOf(a, key), valueOf(b, key)];
    // rows without a value stand last in either direction
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (x - y);
  };
}

function selected(state) {
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = data.rows.filter((row) => matches(row, state, words));
  const compare = comparison(state.sort);
  if (!state.grouped) return rows.sort(compare);
  // by task the direction applies to the tasks themselves
  const byTask = state.sort.key === "task" ? compare : (a, b) => taskOrder.get(a.task) - taskOrder.get(b.task);
  return rows.sort((a, b) => byTask(a, b) || b.reference - a.reference || compare(a, b));
}
