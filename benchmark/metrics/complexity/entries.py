"""The metrics of the map alone."""

import math

from ..spec import MetricSpec
from .concentration import check_threshold

COMPLEXITY: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="sparseness",
        version=1,
        description="Gini index of |a|",
        reference="P. Chalasani et al., Concise Explanations of Neural Networks using Adversarial Training, ICML 2020",
        factory="saltbench.benchmark.metrics.complexity.concentration:sparseness",
        higher_is_better=True,
        low=0.0,
        high=1.0,
        needs=("map",),
        is_default=False,
        tags=("complexity",),
    ),
    MetricSpec(
        name="complexity",
        version=1,
        description="entropy of the shares of |a|",
        reference="U. Bhatt, A. Weller, J. Moura, Aggregating Feature-based Model Explanations, IJCAI 2020",
        factory="saltbench.benchmark.metrics.complexity.concentration:complexity",
        higher_is_better=False,
        low=0.0,
        high=math.inf,
        needs=("map",),
        is_default=False,
        tags=("complexity",),
    ),
    MetricSpec(
        name="effective_complexity",
        version=1,
        description="number of entries whose |a| is above a threshold",
        reference="A. Nguyen, M. R. Martínez, On Quantitative Aspects of Model Interpretability, 2020",
        factory="saltbench.benchmark.metrics.complexity.concentration:effective_complexity",
        parameters={"threshold": 1e-5},
        check=check_threshold,
        higher_is_better=False,
        low=0.0,
        high=math.inf,
        needs=("map",),
        is_default=False,
        tags=("complexity",),
    ),
)
