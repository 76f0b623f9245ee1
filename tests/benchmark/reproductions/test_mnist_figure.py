"""`reproduce mnist` on digits of our own: the figure shows what is stored, and missing data is one early line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from safetensors.numpy import load

from saltbench.benchmark.commands import reproduce
from saltbench.benchmark.commands.reproduce import REPRODUCTIONS, reproduce_one
from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.execution.stored.run import MAPS, SAMPLES, StoredRun
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.reproductions import mnist as reproduction
from saltbench.benchmark.reproductions import mnist_figure
from saltbench.benchmark.reproductions.mnist import MNIST
from saltbench.benchmark.reproductions.mnist_figure import draw_digits
from saltbench.benchmark.reproductions.results_page import page_text
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.datasets.images import mnist as tasks
from saltbench.datasets.images.mnist_source import Digits
from saltbench.errors import DataError, ParameterError, UnknownNameError

REGISTRIES = load_registries()
SIDE = 6
OVERRIDES = {
    "seeds": 1,
    "samples": 30,
    "methods": ["saliency", "input-x-gradient"],
    "training": {"epochs": 1},
    "parameters": {f"mnist/{axis}": {"train": 60, "validation": 20, "test": 60} for axis in ("rows", "columns")},
}


def digits(seed: int, count: int) -> Digits:
    pixels = np.random.default_rng(seed).integers(256, size=(count, SIDE, SIDE)).astype(np.uint8)
    return Digits(pixels, (np.arange(count) % 10).astype(np.uint8))


def tiny() -> Suite:
    return load_suite("mnist", REGISTRIES, OVERRIDES)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    results = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        for module in (tasks, reproduction):
            patch.setattr(module, "load_mnist", lambda: (digits(0, 80), digits(1, 60)))
        patch.setattr(reproduce, "load_suite", lambda _name, _registries: tiny())
        return results / "mnist", list(reproduce_one(MNIST, results, "cpu", 1, {}))


def run_in(folder: Path) -> Result:
    """The finished run of the tiny suite whose results are in a folder."""
    return Result(tiny(), "cpu", pd.DataFrame(), Collection(*[pd.DataFrame()] * 3, []), folder, [])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    kept: list[Figure] = []
    real = mnist_figure._figure
    monkeypatch.setattr(mnist_figure, "_figure", lambda *blocks: kept.append(real(*blocks)) or kept[-1])
    return kept


def job(task: str, architecture: str | None) -> Job:
    found = jobs(tiny(), "cpu")
    return next(
        one
        for one in found
        if one.task.name == task and (one.architecture.name if one.architecture else None) == architecture
    )


def example_maps(folder: Path, job: Job) -> np.ndarray:
    maps, labels = (
        Store(folder).get(*found) for found in ((MAPS, job.map_key(job.methods[0])), (SAMPLES, job.data_key()))
    )
    assert maps is not None
    assert labels is not None
    of_samples = load(labels.files["samples.safetensors"])["labels"].tolist()
    first = [of_samples.index(label) for label in dict.fromkeys(of_samples)]
    return np.asarray(load(maps.files["map.safetensors"])["map"][first])


def images(figure: Figure, columns: int) -> np.ndarray:
    """The images of all panels, (rows of the figure, columns, height, width)."""
    shown = np.array([axis.images[0].get_array() for part in figure.subfigs for axis in part.axes])
    return shown.reshape(-1, columns, SIDE, SIDE)


def labels_of_examples() -> list[int]:
    """The classes of the stored examples, found in the data itself: the first of each, in the order of samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "load_mnist", lambda: (digits(0, 80), digits(1, 60)))
        seed = job("mnist/rows", None).seeds.data
        labels = tasks.mnist_rows(seed, train=60, validation=20, test=60).test.labels[:30]
    return list(dict.fromkeys(labels.tolist()))


@pytest.mark.slow
def test_it_ends_with_figure_and_leaderboard(finished: tuple[Path, list[str]]) -> None:
    folder, lines = finished
    assert lines == [f"{folder / 'mnist.png'}"]
    assert imread(folder / "mnist.png").std() > 0.1
    assert (folder / "leaderboard.csv").is_file()
    assert REPRODUCTIONS["mnist"] is MNIST


def test_the_page_names_the_sizes_of_the_suite() -> None:
    sizes = {
        architecture.name: architecture.parameters for architecture in load_suite("mnist", REGISTRIES).architectures
    }
    assert {parameters["hidden"] for parameters in sizes.values()} == {25}
    assert sizes["input-cell-lstm"]["hops"] == 28
    assert "25 hidden units, r = 28 hops" in page_text("mnist")


def test_the_panels_are_what_is_stored_upright(finished: tuple[Path, list[str]], drawn: list[Figure]) -> None:
    folder, _ = finished
    shown_digits = (3, 0, 7)
    draw_digits(run_in(folder), digits=shown_digits)
    panels = images(drawn[0], len(shown_digits))
    assert len(panels) == 2 * 3
    order = [labels_of_examples().index(digit) for digit in shown_digits]
    for block, (task, upright) in enumerate((("mnist/rows", (0, 1, 2)), ("mnist/columns", (0, 2, 1)))):
        examples = StoredRun(tiny(), Store(folder), "cpu").examples(job(task, None))
        assert examples is not None
        truth = examples.truth[order].transpose(upright)
        np.testing.assert_array_equal(panels[3 * block], truth)
        for line, architecture in enumerate(("lstm", "input-cell-lstm"), start=1):
            one = job(task, architecture)
            maps = np.abs(example_maps(folder, one))[order].transpose(upright)
            low, high = (getattr(maps, end)(axis=(1, 2), keepdims=True) for end in ("min", "max"))
            np.testing.assert_allclose(panels[3 * block + line], (maps - low) / (high - low), atol=1e-6)
    # the same digit stands upright in both blocks: both tasks hold the same samples
    np.testing.assert_array_equal(panels[0], panels[3])


def test_architectures_methods_tasks_and_digits_can_be_chosen(
    finished: tuple[Path, list[str]], drawn: list[Figure]
) -> None:
    folder, _ = finished
    draw_digits(
        run_in(folder),
        tasks=["mnist/columns"],
        architectures=["bi-lstm", "lstm-self-attention"],
        methods=["input-x-gradient", "saliency"],
        digits=[9],
    )
    (part,) = drawn[0].subfigs
    assert [axis.get_ylabel() for axis in part.axes] == [
        "digit",
        *(
            f"{name}\n{method}"
            for name in ("Bi-LSTM", "LSTM + self-attention")
            for method in ("input-x-gradient", "saliency")
        ),
    ]
    draw_digits(run_in(folder))  # leave the default figure behind


def test_a_map_that_is_missing_says_so(finished: tuple[Path, list[str]], drawn: list[Figure], tmp_path: Path) -> None:
    folder, _ = finished
    (tmp_path / "samples").symlink_to(folder / "samples")
    draw_digits(run_in(tmp_path), digits=[1], tasks=["mnist/rows"])
    first, *rest = drawn[0].subfigs[0].axes
    assert not first.texts
    assert [axis.texts[0].get_text() for axis in rest] == ["failed", "failed"]


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"architectures": ["lstn"]}, UnknownNameError, "unknown architecture of the suite 'lstn'; did you mean 'lstm"),
        ({"methods": ["deeplift"]}, UnknownNameError, "unknown method of the suite 'deeplift'"),
        ({"tasks": ["digits/rows"]}, UnknownNameError, "unknown task of the suite 'digits/rows'"),
        ({"methods": []}, ParameterError, "needs at least one method, got none; choose from saliency, input-x"),
        ({"digits": []}, ParameterError, "needs at least one digit, got none; choose from 0 to 9"),
        ({"digits": [10]}, ParameterError, "digit 10 is not among the explained samples; choose from 0, 1, 2"),
    ],
)
def test_impossible_choices(
    finished: tuple[Path, list[str]], chosen: dict[str, list[str]], error: type[Exception], message: str
) -> None:
    folder, _ = finished
    before = (folder / "mnist.png").read_bytes()
    with pytest.raises(error, match=message):
        draw_digits(run_in(folder), **chosen)
    assert (folder / "mnist.png").read_bytes() == before


def test_results_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="has no results of mnist/rows; run the suite first"):
        draw_digits(run_in(tmp_path))


def test_without_the_data_nothing_is_planned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("SALTBENCH_DATA", str(data))
    with pytest.raises(DataError, match=r"lacks train-images-idx3-ubyte.*--data DIR.*OpenML") as caught:
        list(reproduce_one(MNIST, tmp_path / "results", "cpu", 1, {}))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "results").exists()


def test_the_titles_fit_over_a_single_digit(finished: tuple[Path, list[str]], drawn: list[Figure]) -> None:
    draw_digits(run_in(finished[0]), digits=[3])
    drawn[0].draw_without_rendering()
    for part in drawn[0].subfigs:
        title = part._suptitle.get_window_extent()
        assert drawn[0].bbox.x0 <= title.x0
        assert title.x1 <= drawn[0].bbox.x1


def test_the_command_draws_what_is_chosen_and_refuses_the_unknown_before_it_computes(
    finished: tuple[Path, list[str]], drawn: list[Figure], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, _ = finished
    for module in (tasks, reproduction):
        monkeypatch.setattr(module, "load_mnist", lambda: (digits(0, 80), digits(1, 60)))
    monkeypatch.setattr(reproduce, "load_suite", lambda _name, _registries: tiny())
    draw_digits(run_in(folder))  # other tests draw into the same folder
    before = (folder / "mnist.png").read_bytes()
    chosen = {"architectures": ["bi-lstm"], "methods": ["saliency", "input-x-gradient"]}
    list(reproduce_one(MNIST, folder.parent, "cpu", 1, chosen))
    labels = [axis.get_ylabel() for axis in drawn[-1].axes if axis.get_ylabel()]
    assert labels == ["digit", "Bi-LSTM\nsaliency", "Bi-LSTM\ninput-x-gradient"] * 2
    list(reproduce_one(MNIST, folder.parent, "cpu", 1, {}))
    assert (folder / "mnist.png").read_bytes() == before
    with pytest.raises(UnknownNameError, match="unknown method of the suite 'salience'; did you mean 'saliency'"):
        list(reproduce_one(MNIST, tmp_path, "cpu", 1, {"methods": ["salience"]}))
    with pytest.raises(ParameterError, match="digit 10 is not among the explained samples; choose from 0, 1, 2"):
        list(reproduce_one(MNIST, tmp_path, "cpu", 1, {"digits": [3, 10]}))
    assert list(tmp_path.iterdir()) == []
