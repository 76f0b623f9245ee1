// Filters, choice of metrics, and the panels that follow the choice.

const control = (name) => document.getElementById(name);
const FILTERS = ["task", "architecture", "method"];

function option(value, label) {
  const made = element("option", "", label);
  made.value = value;
  return made;
}

function fillFilters() {
  for (const name of FILTERS) {
    const values = distinct(data.rows.map((row) => row[name]));
    const options = values.map((value) => option(value, value || "none (reference maps)"));
    control(name).replaceChildren(option("*", "all"), ...options);
  }
  control("metric").replaceChildren(...metrics.map((metric, position) => option(position, metric.label)));
  control("columns").replaceChildren(...metrics.map(columnChoice));
}

function columnChoice(metric, position) {
  const box = element("input");
  box.type = "checkbox";
  box.value = position;
  box.addEventListener("change", () => {
    if (box.checked) view.state.columns.add(position);
    else view.state.columns.delete(position);
    redraw();
  });
  return element("label", "check", box, ` ${metric.label}`);
}

function redraw() {
  drawHead();
  draw();
}

function showState() {
  const { state } = view;
  control("text").value = state.text;
  for (const name of FILTERS) control(name).value = state[name];
  control("metric").value = state.metric;
  control("grouped").checked = state.grouped;
  for (const box of control("columns").querySelectorAll("input")) box.checked = state.columns.has(Number(box.value));
  showMetric();
}

function showMetric() {
  const metric = metrics[view.state.metric];
  if (!metric) return;
  const better = { true: "Higher is better.", false: "Lower is better.", null: "" }[metric.higher];
  control("metric-text").textContent = `${metric.label}: ${metric.description}. ${better}`;
  for (const panel of document.querySelectorAll(".diagram")) panel.hidden = panel.dataset.metric !== metric.name;
}

function listen() {
  control("text").addEventListener("input", (event) => { view.state.text = event.target.value; draw(); });
  for (const name of FILTERS) {
    control(name).addEventListener("change", (event) => { view.state[name] = event.target.value; draw(); });
  }
  control("metric").addEventListener("change", (event) => {
    view.state.metric = Number(event.target.value);
    view.state.sort = bestFirst(view.state.metric);
    showMetric();
    redraw();
  });
  control("grouped").addEventListener("change", (event) => { view.state.grouped = event.target.checked; redraw(); });
  control("reset").addEventListener("click", () => { view.state = initialState(); showState(); redraw(); });
}

function showMaps() {
  const [task, architecture] = [control("maps-task").value, control("maps-architecture").value];
  for (const panel of document.querySelectorAll(".gallery")) {
    panel.hidden = panel.dataset.task !== task;
    for (const cell of panel.querySelectorAll("[data-architecture]")) {
      cell.hidden = cell.dataset.architecture !== architecture;
    }
  }
}

function startGallery() {
  if (!control("maps-task")) return;
  const panels = [...document.querySelectorAll(".gallery")];
  const cells = panels.flatMap((panel) => [...panel.querySelectorAll("th[data-architecture]")]);
  const fill = (name, values) => {
    control(name).replaceChildren(...distinct(values).map((value) => option(value, value)));
    control(name).addEventListener("change", showMaps);
  };
  fill("maps-task", panels.map((panel) => panel.dataset.task));
  fill("maps-architecture", cells.map((cell) => cell.dataset.architecture));
  showMaps();
}

for (const note of document.querySelectorAll(".without-script")) note.hidden = true;
for (const hidden of document.querySelectorAll(".needs-script")) hidden.hidden = false;
fillFilters();
showState();
listen();
startGallery();
redraw();
