"""The entries that wrap other methods or read the network's own attention; importing them imports no torch."""

import dataclasses
from typing import Any

from .gradients.entries import GRADIENT
from .rescaling.rescaling import RescaledSpec, rescaled
from .spec import MethodSpec


def _rescaled(name: str, **changed: Any) -> RescaledSpec:
    spec = next(spec for spec in GRADIENT if spec.name == name)
    return rescaled(dataclasses.replace(spec, parameters={**spec.parameters, **changed}))


# Few, since each makes its method's map 1 + time + features times; `rescaled` wraps any other
WRAPPERS: tuple[MethodSpec, ...] = (
    _rescaled("saliency"),
    _rescaled("input-x-gradient"),
    _rescaled("integrated-gradients", steps=10),
    MethodSpec(
        name="attention",
        version=1,
        description="The network's own attention to each time step, the same at all features.",
        reference=(
            "Bahdanau, Cho, Bengio. Neural Machine Translation by Jointly Learning to Align and Translate. ICLR 2015. "
            "arXiv:1409.0473"
        ),
        factory="saltbench.methods.attributions.attention_map:attention",
        tags=("attention", "time-only"),
        assumptions=(
            "The network offers its attention, and what it attends to is what its output depends on "
            "(contested: Jain, Wallace. Attention is not Explanation. NAACL 2019)."
        ),
        passes="one forward at most",
        cost="saltbench.methods.attributions.attention_map:cost",
    ),
)
