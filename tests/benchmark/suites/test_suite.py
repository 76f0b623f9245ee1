import tomllib
from pathlib import Path

import pytest

from saltbench.benchmark.suites import suite as module
from saltbench.benchmark.suites.choice import Choice
from saltbench.benchmark.suites.registry import Registries, Registry, default_metrics, load_registries
from saltbench.benchmark.suites.suite import bundled_suites, load_suite
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.errors import ParameterError, UnknownNameError

REGISTRIES = load_registries()
REFERENCES = {"oracle", "random-uniform", "random-normal", "ones", "zeros", "abs-input", "last-step"}
SUITES = Path(module.__file__).parent / "bundled"


def names(choices):
    return [choice.name for choice in choices]


def test_the_bundled_suites_are_the_files_of_the_folder():
    assert bundled_suites() == sorted(path.stem for path in SUITES.glob("*.toml"))
    assert {"quick", "table1"} <= set(bundled_suites())


@pytest.mark.parametrize("name", bundled_suites())
def test_a_bundled_suite_is_as_its_file_says(name):
    content = tomllib.loads((SUITES / f"{name}.toml").read_text("utf-8"))
    suite = load_suite(name, REGISTRIES)
    assert suite.name == name
    assert suite.description == content["description"]
    assert suite.training == Recipe(**content.get("training", {}))
    for key in ("seeds", "samples", "target", "output"):
        assert getattr(suite, key) == content.get(key, getattr(suite, key))
    for kind in ("tasks", "architectures", "methods", "metrics"):
        patterns = content.get(kind, names(default_metrics(REGISTRIES)) if kind == "metrics" else ["*"])
        chosen = [entry for entry in getattr(REGISTRIES, kind).match(patterns) if entry.name not in REFERENCES]
        assert names(getattr(suite, kind)) == [entry.name for entry in chosen]


def test_table1_is_the_grid_of_the_source():
    suite = load_suite("table1", REGISTRIES)
    boxes = ("box/earlier", "box/middle", "box/latter", "box/mixed", "box/3-earlier", "box/3-middle")
    assert set(names(suite.tasks)) == set(boxes)
    assert set(names(suite.architectures)) == {"lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm"}
    assert "saliency" in names(suite.methods)
    assert {"weighted_jaccard", "euclidean"} <= set(names(suite.metrics))
    assert suite.training == Recipe(learning_rate=1e-3, batch=50, epochs=400)
    assert suite.samples == 300


def test_an_empty_file_is_everything_with_the_defaults(load):
    suite = load("")
    assert suite.name == "mine"
    assert (suite.description, suite.seeds, suite.samples, suite.target, suite.output) == ("", 3, 100, "true", "logit")
    assert suite.training == Recipe()
    assert names(suite.tasks) == [entry.name for entry in REGISTRIES.tasks]
    assert names(suite.architectures) == [entry.name for entry in REGISTRIES.architectures]
    assert names(suite.metrics) == names(default_metrics(REGISTRIES))
    assert names(load('metrics = ["*"]').metrics) == [entry.name for entry in REGISTRIES.metrics]
    assert "comprehensiveness" not in names(suite.metrics)
    assert suite.keep_maps
    assert not load("keep_maps = false").keep_maps


@pytest.mark.parametrize("value", ["0", '"no"', "[]", "{}"])
def test_whether_maps_are_kept_is_true_or_false(load, value):
    with pytest.raises(ParameterError, match=r"line 1: keep_maps must be true or false, got .*"):
        load(f"keep_maps = {value}")


@pytest.mark.parametrize("methods", ["[]", '["saliency"]', '["*"]', '["oracle", "saliency"]'])
def test_reference_methods_are_always_there_and_apart(load, methods):
    suite = load(f"methods = {methods}")
    assert set(names(suite.references)) == REFERENCES
    assert len(suite.references) == len(REFERENCES)
    assert not REFERENCES & set(names(suite.methods))
    if methods != '["*"]':
        assert names(suite.methods) == [name for name in ("saliency",) if name in methods]


def test_parameters_complete_the_defaults(load):
    suite = load('tasks = ["box/earlier"]\nparameters."box/earlier" = {train = 20, shift = 2}')
    (task,) = suite.tasks
    entry = REGISTRIES.tasks.get("box/earlier")
    assert task == Choice("box/earlier", entry.version, "", {**entry.parameters, "train": 20, "shift": 2})


def test_parameters_of_an_entry_that_is_left_out_are_no_mistake(load):
    text = 'methods = ["smoothgrad"]\nparameters.smoothgrad.noise_samples = 3'
    assert load(text).methods[0].parameters["noise_samples"] == 3
    assert names(load(text, {"methods": ["saliency"]}).methods) == ["saliency"]


def test_the_version_and_source_of_an_entry_are_recorded(load):
    tasks = load_registries().tasks
    changed = [type(entry)(**{**vars(entry), "version": 7, "source": "x.py sha256:1"}) for entry in tasks]
    registries = Registries(Registry("task", changed), REGISTRIES.architectures, REGISTRIES.methods, REGISTRIES.metrics)
    (task,) = load('tasks = ["box/earlier"]', registries=registries).tasks
    assert (task.version, task.source) == (7, "x.py sha256:1")


def test_overrides_replace_top_level_keys(load):
    suite = load(
        'tasks = ["box/*"]\nseeds = 5\ntarget = "true"', {"tasks": ["digits/*"], "seeds": 2, "target": "predicted"}
    )
    assert names(suite.tasks) == ["digits/rows"]
    assert (suite.seeds, suite.target) == (2, "predicted")


def test_overrides_of_a_bundled_suite():
    suite = load_suite("quick", REGISTRIES, {"architectures": ["*lstm"], "output": "probability"})
    assert names(suite.architectures) == ["lstm", "bi-lstm", "input-cell-lstm"]
    assert suite.output == "probability"
    assert suite.tasks == load_suite("quick", REGISTRIES).tasks


def test_overrides_are_checked_like_the_file():
    with pytest.raises(
        UnknownNameError, match=r"^suite quick, --tasks: unknown task 'digit/rows'; did you mean 'digits"
    ):
        load_suite("quick", REGISTRIES, {"tasks": ["digit/rows"]})


def test_json_of_a_suite_holds_all_of_it(load):
    suite = load('tasks = ["digits/rows"]\n[training]\nepochs = 7')
    found = suite.as_json()
    assert found["tasks"][0] == suite.tasks[0].as_json()
    assert found["tasks"][0]["name"] == "digits/rows"
    assert found["training"]["epochs"] == 7
    assert (found["name"], found["seeds"], found["target"]) == ("mine", 3, "true")


def test_seeds_can_be_crossed(load):
    assert load("[seeds]\ndata = 2\ntraining = 3").seeds == {"data": 2, "training": 3, "attribution": 1}
    assert load("seeds = { attribution = 4 }").seeds == {"data": 1, "training": 1, "attribution": 4}
    assert load("[seeds]\ndata = 2", {"seeds": 5}).seeds == 5


def test_a_byte_order_mark_and_any_line_ends_are_read(tmp_path: Path, tiny_file: Path) -> None:
    marked = tmp_path / "marked.toml"
    for ends in ("\n", "\r\n", "\r"):
        marked.write_bytes(tiny_file.read_text().replace("\n", ends).encode("utf-8-sig"))
        assert load_suite(str(marked), load_registries()).samples == 6
