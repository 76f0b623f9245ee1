import hashlib
import json
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from saltbench.benchmark.metrics.spec import MetricSpec
from saltbench.benchmark.suites import registry as module
from saltbench.benchmark.suites.registry import Registry, listing, load_registries
from saltbench.datasets.spec import TaskSpec
from saltbench.entry import Entry
from saltbench.errors import DuplicateNameError, ParameterError, PluginError, UnknownNameError
from saltbench.family import OpenFamily
from saltbench.methods.architectures.spec import ArchitectureSpec
from saltbench.methods.attributions.spec import MethodSpec

KINDS = ("tasks", "architectures", "methods", "metrics")


def entry(name, kind=Entry, **changes):
    return kind(**{"name": name, "version": 1, "description": "d", "reference": "r", "factory": len, **changes})


def registry(*names):
    return Registry("task", [entry(name) for name in names])


def names(entries):
    return [entry.name for entry in entries]


def test_entries_keep_the_order_of_their_registration():
    found = registry("c", "a", "b")
    assert names(found) == ["c", "a", "b"]
    assert len(found) == 3
    assert found.get("a").name == "a"


def test_a_second_entry_of_a_name_is_refused_with_both_origins():
    with pytest.raises(
        DuplicateNameError, match=r"^task 'a' is registered twice \(saltbench and my\.py sha256:1\); rename one$"
    ):
        registry("a").register(entry("a", source="my.py sha256:1"))


@pytest.mark.parametrize("version", [0, -1, 1.0, "1", None])
def test_versions_are_positive_integers(version):
    expected = f"task 'a' needs a whole number of at least 1 as version, got {version!r}$"
    with pytest.raises(ParameterError, match=expected):
        registry().register(entry("a", version=version))


def test_parameters_are_json_values():
    with pytest.raises(ParameterError, match="a: parameter size must be made of finite numbers, text, lists and table"):
        registry().register(entry("a", parameters={"size": {1, 2}}))


def test_an_unknown_name_comes_with_near_matches():
    with pytest.raises(UnknownNameError, match=r"^unknown task 'box/earlyer'; did you mean 'box/earlier'\?$"):
        registry("box/earlier", "lstm").get("box/earlyer")
    with pytest.raises(UnknownNameError, match=r"^unknown task 'zzz'; known: box/earlier, lstm$"):
        registry("lstm", "box/earlier").get("zzz")


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["box/a", "box/b", "moving/a", "Box/c"]),
        (["box/*"], ["box/a", "box/b"]),
        (["*/a"], ["box/a", "moving/a"]),
        (["box/?"], ["box/a", "box/b"]),
        (["box/[bc]"], ["box/b"]),
        (["moving/a", "box/*"], ["moving/a", "box/a", "box/b"]),
        (["box/b", "box/*", "*"], ["box/b", "box/a", "moving/a", "Box/c"]),
        ([], []),
    ],
)
def test_patterns_match_each_entry_once_in_their_order(patterns, expected):
    assert names(registry("box/a", "box/b", "moving/a", "Box/c").match(patterns)) == expected


def test_a_pattern_that_matches_nothing_is_refused():
    with pytest.raises(UnknownNameError, match=r"^unknown task 'bx/\*'; did you mean 'box/a'\?$"):
        registry("box/a", "lstm").match(["lstm", "bx/*"])


def with_family(*names):
    listed = entry("file/<path>")
    family = OpenFamily("file/", listed, lambda rest: entry(f"file/{rest}", description=f"made of {rest}"))
    return Registry("task", [entry(name) for name in names], [family])


def test_a_family_makes_entries_of_names_taken_literally():
    found = with_family("box/a", "lstm")
    assert found.get("file/a [b]*.csv").description == "made of a [b]*.csv"
    assert names(found.match(["file/*.csv", "box/*", "file/[a].csv", "file/*.csv"])) == [
        "file/*.csv",
        "box/a",
        "file/[a].csv",
    ]
    assert found.declared("file/anything").name == "file/<path>"
    assert found.declared("box/a").name == "box/a"
    assert found.declared("box/b") is None


def test_a_family_is_listed_once_and_no_pattern_matches_what_stands_for_it():
    found = with_family("box/a")
    assert [row["name"] for row in listing(found)] == ["box/a", "file/<path>"]
    assert names(found) == names(found.match(["*"])) == ["box/a"]
    with pytest.raises(UnknownNameError, match=r"^unknown task 'fil\*'; known: box/a$"):
        found.match(["fil*"])


def test_a_name_of_a_family_cannot_be_taken():
    expected = r"^task 'file/x': names that begin with file/ stand for file/<path>; rename it$"
    with pytest.raises(DuplicateNameError, match=expected):
        with_family().register(entry("file/x"))


def test_an_entry_is_found_by_its_aliases_and_listed_under_its_name():
    found = registry("box/a")
    found.register(entry("box/b", aliases=("old/b",)))
    assert found.get("old/b").name == found.declared("old/b").name == "box/b"
    assert names(found.match(["old/b", "box/*"])) == ["box/b", "box/a"]
    assert [row["name"] for row in listing(found, ["old/b"])] == ["box/b"]
    assert names(found) == ["box/a", "box/b"]


@pytest.mark.parametrize(
    ("name", "aliases", "message"),
    [
        ("old/b", (), r"^task 'old/b' is registered twice \(saltbench and saltbench\); rename one$"),
        ("c", ("box/b",), r"^task 'box/b' is registered twice"),
        ("c", ("old/b",), r"^task 'old/b' is registered twice"),
        ("c", ("tag:old",), r"^task 'tag:old': what begins with tag: stands for a tag; rename it$"),
    ],
)
def test_an_alias_is_taken_once(name, aliases, message):
    found = registry("box/a")
    found.register(entry("box/b", aliases=("old/b",)))
    with pytest.raises((DuplicateNameError, ParameterError), match=message):
        found.register(entry(name, aliases=aliases))


def test_registries_are_fresh_each_time():
    one, other = load_registries(), load_registries()
    one.tasks.register(entry("mine", TaskSpec))
    assert "mine" not in names(other.tasks)


def test_each_kind_goes_to_its_registry():
    registries = load_registries()
    registries.register(entry("x", TaskSpec))
    registries.register(entry("x", ArchitectureSpec))
    registries.register(entry("x", MethodSpec))
    registries.register(entry("x", MetricSpec, higher_is_better=True, low=0, high=1))
    assert [type(getattr(registries, kind).get("x")) for kind in KINDS] == [
        TaskSpec,
        ArchitectureSpec,
        MethodSpec,
        MetricSpec,
    ]


def test_a_plain_entry_belongs_nowhere():
    with pytest.raises(PluginError, match="'x' is a plain Entry; use TaskSpec, ArchitectureSpec, MethodSpec or Metric"):
        load_registries().register(entry("x"))


@pytest.mark.parametrize("kind", KINDS)
def test_listing_is_json_with_one_object_an_entry(kind):
    found = getattr(load_registries(), kind)
    rows = listing(found)
    stated_entries = [*found, *(family.listed for family in found.open_families)]
    assert [row["name"] for row in json.loads(json.dumps(rows, allow_nan=False))] == names(stated_entries)
    for row, spec in zip(rows, stated_entries, strict=True):
        family = found.families.get(row["name"])
        assert row.pop("family", None) == (family and {"name": family.name, "members": len(family)})
        assert all(row[field] == getattr(spec, field) for field in row)
        stated = {"name", "version", "description", "reference", "tags", "parameters", "source", "aliases"}
        assert set(row) == stated | {"methods": {"assumptions", "passes"}, "metrics": {"needs"}}.get(kind, set())


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_entry_names_a_function_that_exists(kind):
    for spec in getattr(load_registries(), kind):
        assert callable(spec.load()), spec.name
        assert spec.name == spec.name.lower()
        assert "\n" not in spec.description


PLUGIN = """
from __future__ import annotations
from dataclasses import dataclass
from saltbench import MethodSpec, TaskSpec

@dataclass
class Setting:
    size: int = 3

def load(seed, *, size):
    return size + Setting().size

TASK = TaskSpec(name="mine/task", version=2, description="d", reference="r", factory=load, parameters={"size": 4})
ALIAS = TASK
METHOD = MethodSpec(name="mine", version=1, description="d", reference="r", factory=load)
"""


@pytest.fixture
def plugin(tmp_path):
    def write(text, name="my-plugin.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_plugin_file_adds_its_entries(plugin):
    registries = load_registries([plugin(PLUGIN)])
    task = registries.tasks.get("mine/task")
    assert task.version == 2
    assert task.load()(0, **task.configure({"size": 5})) == 8
    assert registries.methods.get("mine").load() is task.load()
    assert len(registries.tasks) == len(load_registries().tasks) + 1


def test_the_source_of_a_plugins_entries_carries_the_digest_of_its_bytes(plugin):
    path = plugin(PLUGIN)
    first = load_registries([path]).tasks.get("mine/task").source
    assert first == f"my-plugin.py sha256:{hashlib.sha256(PLUGIN.encode()).hexdigest()}"
    path.write_text(PLUGIN + "\n# edited\n")
    assert load_registries([path]).tasks.get("mine/task").source != first


def test_two_plugins_of_one_file_name_stay_apart(plugin, tmp_path):
    (tmp_path / "other").mkdir()
    other = PLUGIN.replace("mine", "other").replace("size: int = 3", "size: int = 30")
    registries = load_registries([plugin(PLUGIN), plugin(other, "other/my-plugin.py")])
    assert registries.tasks.get("mine/task").load()(0, size=1) == 4
    assert registries.tasks.get("other/task").load()(0, size=1) == 31


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nraise ValueError('two\\nlines')", r"my-plugin\.py, line 2, raised on import: ValueError: two lines$"),
        ("import json\nraise type('Stop', (BaseException,), {})", r"my-plugin\.py, line 2, raised on import: Stop$"),
        ("x = 1\njson.loads('{')", r"my-plugin\.py, line 2, raised on import: NameError: name 'json' is not defined$"),
        ("import json\n\njson.loads('{')", r"my-plugin\.py, line 3, raised on import: JSONDecodeError: Expecting"),
        (
            "import no_such_module",
            r", line 1, raised on import: ModuleNotFoundError: No module named 'no_such_module'$",
        ),
        ("x = 1\ndef broken(:", r"my-plugin\.py, line 2, raised on import: SyntaxError: .*my-plugin\.py, line 2\)$"),
        ("import sys; sys.exit(0)", r"raised on import: SystemExit: 0$"),
        ("x = 1", r"plugin .*my-plugin\.py defines no TaskSpec, ArchitectureSpec, MethodSpec or MetricSpec$"),
    ],
)
def test_a_plugin_that_does_not_load(plugin, text, message):
    with pytest.raises(PluginError, match=message) as raised:
        load_registries([plugin(text)])
    assert "\n" not in str(raised.value)


def test_a_missing_plugin(tmp_path):
    with pytest.raises(PluginError, match=r"absent\.py cannot be read: No such file or directory; check the path"):
        load_registries([tmp_path / "absent.py"])
    with pytest.raises(PluginError, match=r"cannot be read: Is a directory; check the path"):
        load_registries([tmp_path])


def test_a_plugin_that_is_no_python_file(plugin):
    with pytest.raises(PluginError, match=r"my\.txt is not a Python file; its name must end with \.py"):
        load_registries([plugin(PLUGIN, "my.txt")])


def test_a_plugin_cannot_take_the_name_of_a_shipped_entry(plugin):
    path = plugin(PLUGIN.replace("mine/task", "box/earlier"))
    with pytest.raises(DuplicateNameError, match=r"'box/earlier' is registered twice \(saltbench and my-plugin\.py"):
        load_registries([path])


def test_a_plugin_given_twice_is_a_duplicate(plugin):
    path = plugin(PLUGIN)
    with pytest.raises(DuplicateNameError, match="'mine/task' is registered twice"):
        load_registries([path, path])


OUTSIDE = entry("outside", MethodSpec)
NOT_AN_ENTRY = 3


@pytest.fixture
def installed(monkeypatch):
    def install(attribute, group="saltbench.methods"):
        points = EntryPoints([EntryPoint("mine", f"{__name__}:{attribute}", group)])
        monkeypatch.setattr(module, "entry_points", lambda: points)

    return install


def test_an_entry_point_adds_its_entry(installed):
    installed("OUTSIDE")
    found = load_registries().methods.get("outside")
    assert found.load() is len
    assert found.source == f"{__name__}:OUTSIDE ?"


def test_the_source_of_an_entry_point_carries_the_version_of_its_distribution(monkeypatch):
    class Distribution:
        version = "1.2.3"

    point = EntryPoint("mine", f"{__name__}:OUTSIDE", "saltbench.methods")._for(Distribution())
    monkeypatch.setattr(module, "entry_points", lambda: EntryPoints([point]))
    assert load_registries().methods.get("outside").source == f"{__name__}:OUTSIDE 1.2.3"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_group_of_entry_points(installed, kind):
    installed("OUTSIDE", f"saltbench.{kind}")
    assert "outside" in names(load_registries().methods)


def test_what_is_installed_is_read_once(monkeypatch):
    reads = []
    monkeypatch.setattr(module, "entry_points", lambda: reads.append(1) or EntryPoints())
    load_registries()
    assert reads == [1]


def test_entry_points_of_other_groups_are_not_read(installed):
    installed("OUTSIDE", "saltbench.others")
    assert "outside" not in names(load_registries().methods)


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("ABSENT", r"entry point mine = .*:ABSENT cannot be loaded: AttributeError: .*; fix or uninstall it$"),
        ("NOT_AN_ENTRY", r"entry point mine = .* must be a TaskSpec, ArchitectureSpec, MethodSpec or Metric.*, got 3$"),
    ],
)
def test_an_entry_point_that_does_not_load(installed, attribute, message):
    installed(attribute)
    with pytest.raises(PluginError, match=message):
        load_registries()
