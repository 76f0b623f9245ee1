"""The metrics of which `saltbench removal` draws curves."""

from .on_task import SHARES, on_task
from .spec import MetricSpec

ON_TASK = MetricSpec(
    name="on_task",
    version=1,
    description="share of the 10 to 50 % largest |a| that lies in time steps with salient cells, in the mean",
    reference="A. A. Ismail et al., Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks, "
    "NeurIPS 2019, poster",
    factory=on_task,
    parameters={"shares": list(SHARES)},
    tags=("removal", "rank"),
    higher_is_better=True,
    low=0.0,
    high=1.0,
    chance="saltbench.benchmark.metrics.on_task:chance_on_task",
)
