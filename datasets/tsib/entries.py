"""The tasks of TSIB: 7 processes × 10 layouts, and mended processes beside those that are odd."""

from ...family import Family, Variant
from ..spec import TaskSpec

SOURCE = (
    "Ismail, Gunady, Corrada Bravo, Feizi: Benchmarking Deep Learning Interpretability in Time Series Predictions "
    "(NeurIPS 2020), as its code has it"
)
NOISE = 0.3


def _task(name: str, description: str, reference: str, *tags: str) -> TaskSpec:
    return TaskSpec(
        name=name,
        version=1,
        description=description,
        reference=reference,
        factory="saltbench.datasets.tsib.shifted_boxes:shifted_boxes",
        parameters={
            "process": "",
            "box": [0, 0],
            "time_start": [],
            "feature_start": [],
            "time": 50,
            "features": 50,
            "train": 1000,
            "validation": 100,
            "test": 100,
            "shift": 1.0,
            "noise_level": NOISE,
            "scaling": "min-max",
        },
        check="saltbench.datasets.tsib.shifted_boxes:check_shifted_boxes",
        tags=("synthetic", *tags),
    )


def _box(words: str, steps: int, features: int, starts: tuple[list[int], list[int]], *aliases: str) -> Variant:
    times, places = starts
    parameters = {"box": [steps, features], "time_start": times, "feature_start": places}
    return Variant(
        parameters, f"{steps} × {features} box {words}", () if times and places else ("random-place",), aliases
    )


def _process(name: str, words: str, noise: float = NOISE) -> Variant:
    return Variant({"process": name, "noise_level": noise}, words)


MOVING: tuple[list[int], list[int]] = ([], [])
LAYOUTS = {
    "middle": _box("in the middle", 30, 30, ([10], [10])),
    "small-middle": _box("in the middle", 14, 14, ([18], [18])),
    "moving-middle": _box("anywhere", 30, 30, MOVING),
    "moving-small-middle": _box("anywhere", 15, 15, MOVING),
    "rare-time": _box("of few time steps", 6, 40, ([22], [5])),
    "moving-rare-time": _box("of few time steps anywhere", 6, 40, MOVING),
    "rare-feature": _box("of few features", 40, 6, ([5], [22])),
    "moving-rare-feature": _box("of few features anywhere", 40, 6, MOVING),
    "positional-feature-decides": _box(
        "whose features tell the class, at any time", 20, 20, ([], [29, 1]), "positional-time", "postional-time"
    ),
    "positional-time-decides": _box(
        "whose time tells the class, in any features", 20, 20, ([29, 1], []), "positional-feature", "postional-feature"
    ),
}

FAMILY = Family(
    _task("tsib/{process}/{layout}", "{process}: {layout}", SOURCE, "tsib"),
    {
        "process": {
            "gaussian": _process("gaussian", "white noise", 0.0),
            "harmonic": _process("harmonic", "one sine for all features of a sample"),
            "gaussian-process": _process("gaussian-process", "Matérn 3/2 Gaussian processes"),
            "pseudo-periodic": _process("pseudo-periodic", "pseudo-periodic sines of one phase"),
            "autoregressive": _process("autoregressive", "autoregressive series of order 1"),
            "car": _process("car", "continuous autoregressive series, small beside the noise"),
            "narma": _process("narma", "one NARMA series for all features of all samples"),
        },
        "layout": LAYOUTS,
    },
)

MENDED = Family(
    _task(
        "tsib-mended/{process}/{layout}",
        "{process}: {layout}",
        f"{SOURCE}; this process is mended by saltbench",
        "tsib-mended",
    ),
    {
        "process": {
            "harmonic": _process("harmonic-phases", "a sine of its own phase in each feature"),
            "car": _process("car-large", "continuous autoregressive series that stand out of the noise"),
            "narma": _process("narma-independent", "a NARMA series of its own in each feature"),
        },
        "layout": LAYOUTS,
    },
)
