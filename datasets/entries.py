"""The tasks that ship with saltbench."""

from collections.abc import Sequence

from ..family import Family, Variant
from .arma import entries as arma
from .spec import TaskSpec
from .stepwise import entries as stepwise
from .synthetic import entries as synthetic
from .timex import entries as timex
from .tsib import entries as tsib

SOURCE = "Ismail, Gunady, Pessoa, Corrada Bravo, Feizi: Input-Cell Attention Reduces Vanishing Saliency (NeurIPS 2019)"
THIRDS = ((0, 30), (35, 65), (70, 100))


def _boxes(name: str, description: str, *tags: str) -> TaskSpec:
    parameters = {
        "layouts": [],
        "time": 100,
        "features": 100,
        "train": 1000,
        "validation": 300,
        "test": 300,
        "shift": 1.0,
        "noise": 1.0,
    }
    return TaskSpec(
        name=name,
        version=1,
        description=description,
        reference=SOURCE,
        factory="saltbench.datasets.synthetic.boxes:boxes",
        parameters=parameters,
        check="saltbench.datasets.synthetic.boxes:check_boxes",
        tags=("synthetic", *tags),
    )


def _layouts(words: str, layouts: Sequence[Sequence[Sequence[int]]], *tags: str) -> Variant:
    return Variant({"layouts": [[list(box) for box in layout] for layout in layouts]}, words, tags)


EARLIER, MIDDLE, LATTER = (0, 30, 10, 90), (20, 80, 20, 80), (70, 100, 10, 90)
HCP = "D. M. Barch et al., Function in the human connectome: Task-fMRI, NeuroImage 80, 2013, 169-189"
WINDOW = {"frames": 176, "window": "middle"}
CORNERS = [(t, t + 60, f, f + 60) for f in (5, 35, 20) for t in (5, 35)] + [MIDDLE]

BOXES = Family(
    _boxes("box/{layout}", "{layout}"),
    {
        "layout": {
            "earlier": _layouts("one box in the first 30 of 100 time steps", [[EARLIER]], "table1"),
            "middle": _layouts("one box in the middle of time and features", [[MIDDLE]], "table1"),
            "latter": _layouts("one box in the last 30 of 100 time steps", [[LATTER]], "table1"),
            "mixed": _layouts(
                "each sample has the earlier, the middle or the latter box", [[EARLIER], [MIDDLE], [LATTER]], "table1"
            ),
            "mixed-7": _layouts("each sample has one of seven 60 × 60 boxes", [[box] for box in CORNERS]),
            "3-earlier": _layouts(
                "three boxes side by side in the first 40 time steps", [[(0, 40, *third) for third in THIRDS]], "table1"
            ),
            "3-middle": _layouts(
                "three boxes side by side in the middle 40 time steps",
                [[(25, 65, *third) for third in THIRDS]],
                "table1",
            ),
        }
    },
)

MOVING_BOX = Family(
    _boxes("moving-box/{start}", "60 × 60 box in Gaussian noise, {start}, features 20 to 80", "moving"),
    {
        "start": {
            f"t{start:02d}": _layouts(f"time {start} to {start + 60}", [[(start, start + 60, 20, 80)]])
            for start in (0, 10, 20, 30, 40)
        }
    },
)

MNIST = Family(
    TaskSpec(
        name="mnist/{axis}",
        version=1,
        description="28 × 28 handwritten digits read {axis}, the ink as graded truth",
        reference=(
            "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition (Proc. IEEE, "
            "1998); as a time series: Ismail, Gunady, Corrada Bravo, Feizi: Benchmarking Deep Learning "
            "Interpretability in Time Series Predictions (NeurIPS 2020)"
        ),
        factory="saltbench.datasets.images.mnist:mnist_{axis}",
        parameters={"train": 55_000, "validation": 5_000, "test": 10_000},
        check="saltbench.datasets.preprocessing:require_counts",
        tags=("real", "graded", "external-data"),
    ),
    {"axis": {"rows": Variant(words="row by row"), "columns": Variant(words="column by column")}},
)

ENTRIES: tuple[TaskSpec | Family[TaskSpec], ...] = (
    BOXES,
    MOVING_BOX,
    TaskSpec(
        name="digits/rows",
        version=1,
        description="scikit-learn's 8 × 8 handwritten digits read row by row, the ink as graded truth",
        reference="Alpaydin, Kaynak: Optical Recognition of Handwritten Digits (UCI, 1998), through scikit-learn",
        factory="saltbench.datasets.images.digits:digits_rows",
        parameters={"validation": 300, "test": 300},
        check="saltbench.datasets.images.digits:check_digits",
        tags=("real", "graded"),
    ),
    MNIST,
    TaskSpec(
        name="fmri/simulated",
        version=1,
        description="simulated task fMRI with the designs of the HCP, the active parcels' on-task frames as truth",
        reference=f"{HCP}; signal and noise: a definition of saltbench",
        factory="saltbench.datasets.fmri.simulated:simulated",
        parameters={
            "train_subjects": 30,
            "validation_subjects": 10,
            "test_subjects": 15,
            "parcels": 360,
            "active": 30,
            **WINDOW,
            "signal": 1.0,
            "drift": 0.5,
            "autocorrelation": 0.4,
        },
        check="saltbench.datasets.fmri.simulated:check_simulated",
        tags=("simulated", "fmri"),
    ),
    TaskSpec(
        name="fmri/hcp",
        version=1,
        description="task fMRI of the HCP from a copy of the user's own, all parcels' on-task frames as truth",
        reference=f"{HCP}; parcellated by Neuromatch Academy (osf.io/2y3fw, osf.io/s4h8j)",
        factory="saltbench.datasets.fmri.hcp:hcp",
        parameters={
            "tasks": ["MOTOR", "WM", "EMOTION", "GAMBLING", "LANGUAGE", "RELATIONAL", "SOCIAL"],
            "subjects": 100,
            "validation_share": 0.15,
            "test_share": 0.2,
            **WINDOW,
            "delay": 0.0,
            "incomplete": "refuse",
        },
        check="saltbench.datasets.fmri.hcp:check_hcp",
        tags=("real", "fmri", "external-data"),
        content="saltbench.datasets.fmri.hcp:hcp_content",
    ),
    *arma.FAMILIES,
    *stepwise.ENTRIES,
    *synthetic.FAMILIES,
    *timex.ENTRIES,
    tsib.FAMILY,
    tsib.MENDED,
)
