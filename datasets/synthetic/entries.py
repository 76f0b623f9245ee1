"""Tasks that a formula makes: localised features, two sines, shapelets."""

from ...family import Family, Variant
from ..spec import TaskSpec

ROOM = "saltbench.datasets.synthetic"
SIZES = {"train": 1000, "validation": 300, "test": 300}

LOCALISED = Family(
    TaskSpec(
        name="localised/{background}/{feature}",
        version=1,
        description="{feature} up or down, anywhere in {background}",
        reference="kinds of xaitimesynth (arXiv 2603.06781); sizes and signs: a definition of saltbench",
        factory=f"{ROOM}.localised:localised",
        parameters={
            "background": "",
            "feature": "",
            "length": 20,
            "strength": 2.0,
            "time": 100,
            "features": 3,
            **SIZES,
        },
        check=f"{ROOM}.localised:check_localised",
        tags=("synthetic", "localised"),
    ),
    {
        "background": {
            name: Variant({"background": name}, words)
            for name, words in {
                "white": "white noise",
                "uniform": "uniform noise",
                "random-walk": "random walks",
                "autoregressive": "autoregressive series",
                "seasonal": "seasonal series",
            }.items()
        },
        "feature": {
            name: Variant({"feature": name}, words)
            for name, words in {
                "bump": "a bump",
                "level": "a change of level",
                "trend": "a trend",
                "peak": "a peak of three steps",
                "wave": "a wave",
            }.items()
        },
    },
)

TWO_SINES = Family(
    TaskSpec(
        name="interpret-time/{target}",
        version=1,
        description="two short sines among distractors, classified by {target}",
        reference=(
            "Turbé, Bjelogrlic, Lovis, Mengaldo: Evaluation of post-hoc interpretability methods in time-series "
            "classification (Nature Machine Intelligence 2023), as its code has it"
        ),
        factory=f"{ROOM}.two_sines:two_sines",
        parameters={
            "target": "",
            "support": 100,
            "time": 500,
            "features": 6,
            "train": 10_500,
            "validation": 2250,
            "test": 2250,
        },
        check=f"{ROOM}.two_sines:check_two_sines",
        tags=("synthetic",),
    ),
    {
        "target": {
            "sum": Variant({"target": "sum"}, "the sum of their frequencies"),
            "ratio": Variant({"target": "ratio"}, "the sum of their ratios to the base frequencies"),
        }
    },
)

SHAPELETS = Family(
    TaskSpec(
        name="shapelet/{place}",
        version=1,
        description="class 1 has a shapelet of 60 of 300 steps, {place}, in a Fourier series; class 0 has none",
        reference=(
            "Schröder, Zamanian, Ahmidi: Post-hoc Saliency Methods Fail to Capture Latent Feature Importance in Time "
            "Series Data (2023), experiments 1 to 4 of its code"
        ),
        factory=f"{ROOM}.shapelets:shapelets",
        parameters={
            "start": -1.0,
            "window": 0.2,
            "continuation": "shifted",
            "time": 300,
            "train": 2048,
            "validation": 256,
            "test": 256,
        },
        check=f"{ROOM}.shapelets:check_shapelets",
        tags=("synthetic",),
        truthless=(0,),
    ),
    {
        "place": {
            "random": Variant({"start": -1.0}, "anywhere"),
            "late": Variant({"start": 0.8}, "at .8 of the series"),
            "middle": Variant({"start": 0.4}, "at .4 of the series"),
            "first": Variant({"start": 0.0}, "at its beginning"),
        }
    },
)

FAMILIES = (LOCALISED, TWO_SINES, SHAPELETS)
