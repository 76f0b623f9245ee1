"""The page in a real browser: it works by mouse and keyboard, on every width, and lets no name run as script."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from page_folders import HOSTILE, SMALL, write_leaderboard, write_provenance

from saltbench.benchmark.formats.html.page import page as make_page
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
SORTED = "#table thead th[aria-sort]"
Open = Callable[..., "sync_api.Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: "sync_api.Browser", tmp_path: Path) -> Iterator[Open]:
    """A function that opens the page of a folder; afterwards nothing may have been fetched, said or thrown."""
    trouble: list[str] = []
    contexts = []

    def opened(folder: Path, **options: object) -> "sync_api.Page":
        path = tmp_path / "page.html"
        path.write_text(make_page(ResultsFolder(folder), load_registries().metrics), "utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: _note_request(request.url, path, trouble))
        tab.goto(path.as_uri())
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


def _note_request(url: str, path: Path, trouble: list[str]) -> None:
    if url != path.as_uri() and not url.startswith("data:"):
        trouble.append(url)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    folder = write_leaderboard(tmp_path / "small", SMALL)
    write_provenance(folder)
    return folder


def rows(tab: "sync_api.Page") -> list[tuple[str, str]]:
    """The method and the main score of each row, as they are shown."""
    lines = tab.locator("tr.row").all()
    return [(line.locator(".name-line").inner_text().split("\n")[0], _score(line)) for line in lines]


def _score(line: "sync_api.Locator") -> str:
    return str(line.locator(".main").inner_text()).split("\n")[0].split(" ")[0]


def heading(tab: "sync_api.Page", name: str) -> "sync_api.Locator":
    return tab.locator("#table thead").get_by_role("button", name=name)


def test_tasks_stand_together_with_reference_rows_first_and_the_best_after_them(visit: Open, small: Path) -> None:
    tab = visit(small)
    assert tab.locator("tr.group .name").all_inner_texts() == ["box/earlier", "box/latter"]
    assert rows(tab) == [
        ("oracle", "1.000"),
        ("random-uniform", "0.240"),
        ("deeplift", "0.620"),
        ("deeplift", "0.450"),
        ("saliency", "0.310"),
        ("oracle", "0.990"),
        ("random-uniform", "0.200"),
        ("saliency", "0.700"),
        ("deeplift", "failed"),
    ]
    assert tab.locator("#status").inner_text() == "9 of 9 rows, sorted by average precision, descending."


def test_sorting_by_a_heading_and_turning_it_round(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.get_by_label("Keep tasks together").uncheck()
    descending = [score for _, score in rows(tab)]
    assert descending == ["1.000", "0.990", "0.700", "0.620", "0.450", "0.310", "0.240", "0.200", "failed"]
    assert tab.locator(SORTED).get_attribute("aria-sort") == "descending"
    heading(tab, "average precision").click()
    assert [score for _, score in rows(tab)] == [*reversed(descending[:-1]), "failed"]
    assert tab.locator(SORTED).get_attribute("aria-sort") == "ascending"
    heading(tab, "method").click()
    assert [method for method, _ in rows(tab)] == sorted(row[2] for row in SMALL)
    assert tab.locator(SORTED).inner_text().strip() == "method"


def test_a_metric_that_is_better_when_lower_sorts_ascending_first(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.get_by_label("Keep tasks together").uncheck()
    tab.get_by_label("Main metric").select_option(label="euclidean")
    assert tab.locator(SORTED).get_attribute("aria-sort") == "ascending"
    assert [score for _, score in rows(tab)][:2] == ["0.400", "0.480"]
    assert "Lower is better." in tab.locator("#metric-text").inner_text()


def test_filters_narrow_together_and_reset(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.get_by_label("Task", exact=True).select_option("box/earlier")
    assert len(rows(tab)) == 5
    tab.get_by_label("Architecture", exact=True).select_option("lstm")
    assert [method for method, _ in rows(tab)] == ["deeplift", "saliency"]
    tab.get_by_label("Method", exact=True).select_option("saliency")
    assert rows(tab) == [("saliency", "0.310")]
    assert tab.locator("#status").inner_text().startswith("1 of 9 rows")
    tab.get_by_role("button", name="Reset").click()
    assert len(rows(tab)) == 9
    tab.get_by_label("Search").fill("LATTER deep")
    assert rows(tab) == [("deeplift", "failed")]
    tab.get_by_label("Search").fill("nothing of the kind")
    assert tab.locator("#table").get_by_text("No row matches.").is_visible()
    tab.get_by_label("Search").fill("")
    tab.get_by_label("Architecture", exact=True).select_option("")
    assert {method for method, _ in rows(tab)} == {"oracle", "random-uniform"}


def test_columns_are_chosen(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.locator(".columns summary").click()
    tab.get_by_label("weighted jaccard").uncheck()
    assert heading(tab, "weighted jaccard").count() == 0
    tab.get_by_label("weighted jaccard").check()
    assert heading(tab, "weighted jaccard").count() == 1


def test_a_row_unfolds_its_scores_and_its_command(visit: Open, small: Path) -> None:
    tab = visit(small, permissions=["clipboard-read", "clipboard-write"])
    button = tab.get_by_role("button", name="Details of saliency on lstm, box/earlier")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    details = tab.locator("tr.details")
    lines = [line.inner_text().split("\t") for line in details.locator("tbody tr").all()]
    assert [part.strip() for part in lines[2]] == ["average precision", "0.310", "0.260 to 0.360", "0.155"]
    command = details.locator("code").inner_text()
    assert command.startswith("saltbench run quick --tasks box/earlier --architectures lstm --methods saliency --seeds")
    details.get_by_role("button", name="Copy").click()
    sync_api.expect(tab.locator("#note")).to_have_text("Command copied.")
    assert tab.evaluate("navigator.clipboard.readText()") == command
    button.click()
    assert details.count() == 0


def test_copying_works_without_the_clipboard_interface_or_says_how(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    tab.evaluate("document.addEventListener('copy', () => { window.copied = String(document.activeElement.value); })")
    button = tab.locator("#provenance .copy")
    button.click()
    sync_api.expect(tab.locator("#note")).to_have_text("Command copied.")
    assert tab.evaluate("window.copied") == "saltbench run quick --device cpu --results rerun"
    tab.evaluate("document.execCommand = () => false")
    button.click()
    sync_api.expect(tab.locator("#note")).to_contain_text("Ctrl+C")
    assert tab.evaluate("String(getSelection())") == "saltbench run quick --device cpu --results rerun"


def test_a_failed_row_gives_its_reason(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.get_by_role("button", name="Details of deeplift on lstm, box/latter").click()
    assert "failed: seed 0: it broke" in tab.locator("tr.details").inner_text()


def test_hostile_names_are_text(visit: Open, tmp_path: Path) -> None:
    folder = write_leaderboard(tmp_path / "hostile", [(name, name, name, 0.5) for name in HOSTILE])
    write_provenance(folder, name=HOSTILE[1], description=HOSTILE[0])
    tab = visit(folder)
    for toggle in tab.locator(".toggle").all():
        toggle.click()
    assert tab.locator("tr.details code").count() == len(HOSTILE)
    shown = {re.sub(r"\s", " ", name) for name in tab.locator("tr.group .name").all_text_contents()}
    assert shown == {re.sub(r"\s", " ", name) for name in HOSTILE}
    for name in ("task", "architecture", "method"):
        for hostile in HOSTILE:
            tab.locator(f"#{name}").select_option(hostile)
        tab.locator(f"#{name}").select_option("*")
    assert tab.title() == f"{HOSTILE[1]} · saltbench leaderboard"
    assert tab.locator("img").count() == 0
    assert tab.locator("script").count() == 2


def tab_to(tab: "sync_api.Page", attribute: str, value: str) -> None:
    for _ in range(40):
        tab.keyboard.press("Tab")
        if tab.evaluate(f"document.activeElement.{attribute}") == value:
            return
    pytest.fail(f"no element whose {attribute} is {value} is reached in 40 steps")


def test_everything_is_reached_and_done_by_keyboard(visit: Open, small: Path) -> None:
    tab = visit(small)
    tab.keyboard.press("Tab")
    assert tab.locator(":focus").inner_text() == "Skip to the leaderboard"
    assert tab.locator(":focus").bounding_box()["y"] >= 0
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "leaderboard"
    tab_to(tab, "dataset.key", "accuracy")
    tab.keyboard.press("Enter")
    assert tab.locator(SORTED).inner_text().strip() == "accuracy"
    assert tab.evaluate("document.activeElement.dataset.key") == "accuracy"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab_to(tab, "className", "toggle")
    tab.keyboard.press("Space")
    assert tab.locator("tr.details").count() == 1


def test_the_accessibility_tree_has_the_table_by_its_caption(visit: Open, small: Path) -> None:
    tab = visit(small)
    table = tab.get_by_role("table", name="Scores by task, architecture and method")
    assert table.count() == 1
    assert table.get_by_role("columnheader").count() == 6
    assert table.get_by_role("rowheader").count() >= len(SMALL)
    assert tab.get_by_role("status").count() == 2
    unlabelled = "[...document.querySelectorAll('input,select')].filter((it) => !it.labels.length).length"
    assert tab.evaluate(unlabelled) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(visit: Open, small: Path, scheme: str) -> None:
    tab = visit(small, color_scheme=scheme)
    tab.locator(".toggle").first.click()
    assert tab.evaluate(LOW_CONTRAST) == []


LOW_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let it = node; it; it = it.parentElement) {
      const colour = parse(getComputedStyle(it).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((it) => it.nodeType === 3 && it.textContent.trim());
    if (!own || !node.checkVisibility() || node.matches("script, style, .unseen")) continue;
    const style = getComputedStyle(node);
    const front = parse(node instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(front), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${node.tagName} ${node.className} ${node.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


def test_motion_is_left_out_where_it_is_not_wanted(visit: Open, small: Path) -> None:
    duration = "getComputedStyle(document.querySelector('.toggle'), '::before').transitionDuration"
    assert visit(small, reduced_motion="no-preference").evaluate(duration) == "0.15s"
    calm = visit(small, reduced_motion="reduce")
    assert calm.evaluate(duration) == "0s"
    assert calm.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_never_scrolls_sideways(visit: Open, small: Path, width: int) -> None:
    tab = visit(small, viewport={"width": width, "height": 740})
    tab.locator(".toggle").first.click()
    tab.locator(".entries summary").click()
    tab.locator(".columns summary").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("tr.row .main").first.is_visible()


def test_long_names_do_not_widen_the_page(visit: Open, tmp_path: Path) -> None:
    name = "a" * 300
    tab = visit(
        write_leaderboard(tmp_path / name[:200], [(name, name, name, 0.5)]), viewport={"width": 360, "height": 740}
    )
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.slow
def test_print_shows_every_matching_row_and_no_controls(visit: Open, tmp_path: Path) -> None:
    folder = write_leaderboard(tmp_path / "many", [("t", "lstm", f"m{i}", i / 1000) for i in range(450)])
    tab = visit(folder, color_scheme="dark")
    assert len(rows(tab)) < 450
    tab.emulate_media(media="print")
    assert not tab.locator("#text").is_visible()
    assert not tab.locator(".copy").first.is_visible()
    assert tab.locator("#status").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate("getComputedStyle(document.querySelector('.scroll')).overflow") == "visible"
    assert tab.pdf().startswith(b"%PDF")
    assert tab.locator("tr.row").count() == 450


@pytest.mark.slow
def test_ten_thousand_rows_are_sorted_searched_and_drawn_as_they_are_reached(visit: Open, tmp_path: Path) -> None:
    scores = [(f"t{i % 7}", "lstm", f"m{i}", (i * 7919 % 10_000) / 10_000) for i in range(10_000)]
    tab = visit(write_leaderboard(tmp_path / "large", scores))
    tab.get_by_label("Keep tasks together").uncheck()
    best = sorted(scores, key=lambda row: -row[3])
    assert [method for method, _ in rows(tab)[:3]] == [row[2] for row in best[:3]]
    heading(tab, "method").click()
    assert [method for method, _ in rows(tab)[:3]] == ["m0", "m1", "m2"]
    drawn = tab.locator("tr.row").count()
    assert drawn < 1000
    tab.locator(".scroll").first.evaluate("it => { it.scrollTop = it.scrollHeight; }")
    sync_api.expect(tab.locator("tr.row")).not_to_have_count(drawn)
    tab.get_by_label("Search").fill("m9999")
    assert [method for method, _ in rows(tab)] == ["m9999"]


def test_without_script_the_page_says_where_the_numbers_are(visit: Open, small: Path) -> None:
    tab = visit(small, java_script_enabled=False)
    assert tab.get_by_text("The table is drawn by a script").is_visible()
    assert not tab.locator(".controls").first.is_visible()
