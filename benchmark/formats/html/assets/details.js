// What a row unfolds: why it has no scores, every metric with its bounds, and the command.

function toggleDetails(button, line, row) {
  const open = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!open));
  if (open) line.nextElementSibling.remove();
  else line.after(detailsElement(row, line.cells.length));
}

function detailsElement(row, width) {
  const cell = element("td", "", element("div", "inside", summary(row), scoreTable(row), commandElement(row.command)));
  cell.colSpan = width;
  return element("tr", "details", cell);
}

function summary(row) {
  const counts = `${plural(row.seeds ?? 0, "seed")}, ${plural(row.samples ?? 0, "explained sample")}`;
  const [sufficiency, necessity] = row.truthUse;
  const use = sufficiency === null ? "" : `; accuracy ${shown(sufficiency)} by the truth alone, ${shown(necessity)} without it`;
  const text = `${counts}${use}`;
  return element("p", "reason", row.status === "ok" ? text : `${text}. ${row.status}: ${row.reason}`);
}

function scoreTable(row) {
  if (row.status !== "ok") return "";
  const caption = element("caption", "", `All scores of ${row.method}`);
  const head = element("tr", "", ...["metric", "score", "95 % interval", "chance-corrected"].map((title) => {
    const cell = element("th", "", title);
    cell.scope = "col";
    return cell;
  }));
  const lines = metrics.map((metric, position) => scoreLine(metric, row.scores[position]));
  return element("table", "plain scores", caption, element("thead", "", head), element("tbody", "", ...lines));
}

function scoreLine(metric, score) {
  const name = element("th", "", metric.label);
  name.scope = "row";
  const texts = [shown(score[0]), interval(score) || "–", shown(score[3])];
  return element("tr", "", name, ...texts.map((text) => element("td", "number", text)));
}

function commandElement(command) {
  const block = document.getElementById("command-template").content.firstElementChild.cloneNode(true);
  block.querySelector("code").textContent = command;
  block.querySelector(".copy").hidden = false;
  return block;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // browsers without, or that deny a page from disk, the clipboard interface
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = element("textarea", "offscreen");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

async function copyFrom(button) {
  const code = button.closest(".command").querySelector("code");
  const done = await copyText(code.textContent);
  if (!done) getSelection().selectAllChildren(code);
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  const note = done ? "Command copied." : "The command is selected: copy it with Ctrl+C.";
  document.getElementById("note").textContent = note;
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".copy");
  if (button) copyFrom(button);
});
