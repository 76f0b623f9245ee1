"""The site builds without a warning, asks nothing of other machines, and its reference is complete."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer

import saltbench
from saltbench.benchmark.commands.cli import KINDS, app
from saltbench.benchmark.formats.listing import MOST
from saltbench.benchmark.suites.registry import load_registries

ROOT = Path(__file__).parents[2]
LOADED = {"src", "srcset", "data", "poster"}  # attributes whose target a browser fetches


class Requests(HTMLParser):
    """Collects what a browser would fetch to show a page; links that a reader may follow are none of it."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        loaded = LOADED | {"href"} if tag == "link" else LOADED
        self.found += [value for name, value in attrs if name in loaded and value]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "EXECUTE_NOTEBOOKS": "false", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def read(site, page):
    return (site / page).read_text("utf-8")


def test_pages_and_styles_request_nothing_from_elsewhere(site):
    pages, styles = list(site.rglob("*.html")), list(site.rglob("*.css"))
    assert len(pages) > 15
    assert styles
    for page in pages:
        requests = Requests()
        requests.feed(page.read_text("utf-8"))
        assert requests.found
        assert [target for target in requests.found if re.match(r"(https?:)?//", target)] == [], page
    for style in styles:
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text("utf-8")) == [], style


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_has_its_section_with_source_and_parameters(site, kind):
    text = read(site, f"reference/{kind}.html")
    registry = getattr(load_registries(), kind)
    for entry in registry:
        family = registry.families.get(entry.name)
        name = entry.name if family is None or len(family) <= MOST else re.sub("[{}]", "", family.name)
        assert all(part in text for part in entry.name.split("/"))
        start = text.index(f'id="{name.replace("/", "-")}"')
        section = text[start : text.find("<h2", start)]
        assert "<td>source</td>" in section
        for name in entry.parameters:
            assert f"<code>{name}</code>" in section, (entry.name, name)


def test_metrics_state_range_direction_and_chance(site):
    text = read(site, "reference/metrics.html")
    metrics = list(load_registries().metrics)
    assert text.count("<td>range</td>") == text.count("<td>better</td>") == len(metrics)
    assert text.count("<td>lower</td>") == sum(not metric.higher_is_better for metric in metrics)
    assert text.count("<td>chance</td>") == sum(metric.chance is not None for metric in metrics)


def test_formulas_have_subscripts_and_no_stray_markup(site):
    text = read(site, "reference/methods.html")
    assert '<p class="formula">|∂S<sub>c</sub>/∂x|, (batch, time, features)' in text
    assert "S_c" not in text


def test_every_command_and_option_is_described(site):
    text = read(site, "reference/command-line.html")
    for name, command in typer.main.get_command(app).commands.items():
        assert f"<code>saltbench {name}</code>" in text
        for parameter in command.params:
            names = (*parameter.opts, parameter.metavar or parameter.name)
            assert any(f"<code>{name}" in text for name in names), parameter.name


def test_every_public_name_is_described(site):
    text = read(site, "reference/python.html")
    for name in saltbench.__all__:
        assert name.startswith("__") or f'id="{name.lower()}"' in text, name
        assert name.startswith("__") or re.search(rf'<a href="#{name.lower()}">{name}</a></td>\n<td>[^<]*\w', text), (
            name
        )


def test_methods_of_public_classes_are_described(site):
    text = read(site, "reference/python.html")
    for member in ("gradients(inputs, target, draws, write, take)", "magnitude", "configure(overrides)", "load()"):
        assert re.search(rf"<code>{re.escape(member)}</code>: \S", text), member
    assert "with_traceback" not in text


def test_shared_pages_link_to_the_sites_pages(site):
    assert 'href="how-to/method.html"' in read(site, "CONTRIBUTING.html")
