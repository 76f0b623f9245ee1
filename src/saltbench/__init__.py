"""Saliency over time, benchmarked: which saliency map of a time-series network can be trusted."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .benchmark.figures.series_figure import plot
    from .benchmark.metrics.contract import metric_contract
    from .benchmark.metrics.maps import Maps
    from .benchmark.metrics.needs import Explainer, Model
    from .benchmark.metrics.pooling import Pool
    from .benchmark.metrics.spec import MetricSpec
    from .benchmark.networks.calibration import Calibration, calibrate_strength
    from .benchmark.networks.evaluate import evaluate
    from .benchmark.networks.explain import explain
    from .benchmark.networks.explanation import Explanation
    from .benchmark.networks.plot_methods import plot_methods
    from .benchmark.networks.randomisation_check import randomisation_check
    from .benchmark.suites.registry import load_registries
    from .benchmark.suites.training_recipe import Recipe
    from .datasets.contract import task_contract
    from .datasets.layouts import mask
    from .datasets.planted.planting import planted
    from .datasets.planted.series_files import Series, read_series
    from .datasets.preprocessing import standardise
    from .datasets.spec import Split, TaskData, TaskSpec
    from .errors import DataError, ParameterError, SaltbenchError, UnsupportedOperationError
    from .family import Family, Variant
    from .methods.architectures.contract import architecture_contract
    from .methods.architectures.spec import ArchitectureSpec
    from .methods.attributions.adapters import adapted
    from .methods.attributions.contract import method_contract
    from .methods.attributions.explain import attribute
    from .methods.attributions.handed_in import from_captum, from_shap, from_zennit
    from .methods.attributions.interception.custom_functions import register_rule
    from .methods.attributions.passes.passes import Passes
    from .methods.attributions.rescaling.rescaling import rescaled
    from .methods.attributions.spec import MethodSpec

__version__ = "0.2.0"

_PUBLIC = {
    "ArchitectureSpec": "methods.architectures.spec",
    "Calibration": "benchmark.networks.calibration",
    "DataError": "errors",
    "Explainer": "benchmark.metrics.needs",
    "Explanation": "benchmark.networks.explanation",
    "Family": "family",
    "Maps": "benchmark.metrics.maps",
    "MethodSpec": "methods.attributions.spec",
    "MetricSpec": "benchmark.metrics.spec",
    "Model": "benchmark.metrics.needs",
    "ParameterError": "errors",
    "Passes": "methods.attributions.passes.passes",
    "Pool": "benchmark.metrics.pooling",
    "Recipe": "benchmark.suites.training_recipe",
    "SaltbenchError": "errors",
    "Series": "datasets.planted.series_files",
    "Split": "datasets.spec",
    "TaskData": "datasets.spec",
    "TaskSpec": "datasets.spec",
    "UnsupportedOperationError": "errors",
    "Variant": "family",
    "adapted": "methods.attributions.adapters",
    "architecture_contract": "methods.architectures.contract",
    "attribute": "methods.attributions.explain",
    "calibrate_strength": "benchmark.networks.calibration",
    "evaluate": "benchmark.networks.evaluate",
    "explain": "benchmark.networks.explain",
    "from_captum": "methods.attributions.handed_in",
    "from_shap": "methods.attributions.handed_in",
    "from_zennit": "methods.attributions.handed_in",
    "load_registries": "benchmark.suites.registry",
    "mask": "datasets.layouts",
    "method_contract": "methods.attributions.contract",
    "metric_contract": "benchmark.metrics.contract",
    "planted": "datasets.planted.planting",
    "plot": "benchmark.figures.series_figure",
    "plot_methods": "benchmark.networks.plot_methods",
    "randomisation_check": "benchmark.networks.randomisation_check",
    "read_series": "datasets.planted.series_files",
    "register_rule": "methods.attributions.interception.custom_functions",
    "rescaled": "methods.attributions.rescaling.rescaling",
    "standardise": "datasets.preprocessing",
    "task_contract": "datasets.contract",
}

__all__ = [
    "ArchitectureSpec",
    "Calibration",
    "DataError",
    "Explainer",
    "Explanation",
    "Family",
    "Maps",
    "MethodSpec",
    "MetricSpec",
    "Model",
    "ParameterError",
    "Passes",
    "Pool",
    "Recipe",
    "SaltbenchError",
    "Series",
    "Split",
    "TaskData",
    "TaskSpec",
    "UnsupportedOperationError",
    "Variant",
    "__version__",
    "adapted",
    "architecture_contract",
    "attribute",
    "calibrate_strength",
    "evaluate",
    "explain",
    "from_captum",
    "from_shap",
    "from_zennit",
    "load_registries",
    "mask",
    "method_contract",
    "metric_contract",
    "planted",
    "plot",
    "plot_methods",
    "randomisation_check",
    "read_series",
    "register_rule",
    "rescaled",
    "standardise",
    "task_contract",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import saltbench` stays instant (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'saltbench' has no attribute '{name}'")
    return getattr(importlib.import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    """List the public names beside what the module holds already, for completion in an editor or notebook."""
    return sorted({*globals(), *_PUBLIC})
