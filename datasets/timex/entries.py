"""The synthetic tasks of TimeX: the four of the paper, and seven kinds more of its code, one of them in three forms."""

from ..spec import TaskSpec

SOURCE = (
    "Queen et al.: Encoding Time-Series Explanations through Self-Supervised Model Behavior Consistency (TimeX, "
    "NeurIPS 2023), as its code has it"
)
PAPER = "timex-paper"


def _task(
    name: str, description: str, time: int, features: int, *tags: str, truthless: tuple[int, ...] = ()
) -> TaskSpec:
    return TaskSpec(
        name=name,
        version=1,
        description=description + "; class 0 has none" * bool(truthless),
        reference=SOURCE,
        factory="saltbench.datasets.timex.patterned:patterned",
        parameters={
            "kind": name,
            "time": time,
            "features": features,
            "train": 5000,
            "validation": 100,
            "test": 1000,
        },
        check="saltbench.datasets.timex.patterned:check_patterned",
        tags=("synthetic", "timex", *tags),
        truthless=truthless,
    )


NONE = (0,)
ENTRIES = (
    _task("freqshapes", "spikes up or down, every 10 or 17 of 50 steps", 50, 1, PAPER),
    _task("seqcomb-uv", "rising and falling sub-sequences of one series", 200, 1, PAPER, truthless=NONE),
    _task("seqcomb-mv", "rising and falling sub-sequences of two sensors", 200, 4, PAPER, truthless=NONE),
    _task("lowvar", "a stretch of low variance, by its level and sensor", 200, 2, PAPER),
    _task("seqcomb-mv-irregular", "sub-sequences of two sensors, 15 % of the steps removed", 200, 4, truthless=NONE),
    _task("freqshapes-ud", "pairs of spikes, up and down or down and up, every 10 or 17 steps", 50, 1),
    _task("seqcomb-uv-inline", "sub-sequences within the range of white noise", 200, 1, truthless=NONE),
    _task("seqcomb-uv-fixed", "rising and falling sub-sequences, the first at step 10", 200, 1, truthless=NONE),
    _task("lowvar-match", "plateaus of two sensors, apart or overlapping", 200, 2, truthless=NONE),
    _task("trigtrack", "the frequency of a sine in one sensor among others", 50, 4),
    _task("spike-count", "one to four spikes at the same steps of two sensors", 200, 8),
    _task("simple-spike", "one spike down or up", 50, 4, truthless=NONE),
    _task("redundant-spike", "several spikes down or up", 50, 4, truthless=NONE),
)
