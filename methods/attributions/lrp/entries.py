"""The entries of layer-wise relevance propagation; reading this list imports no torch."""

from ..spec import MethodSpec

_HERE = "saltbench.methods.attributions.lrp"

_LSTMS = (
    "Arras, Arjona-Medina, Widrich, Montavon, Gillhofer, Müller, Hochreiter, Samek. Explaining and Interpreting LSTMs. "
    "In: Explainable AI, Springer 2019. arXiv:1909.12114"
)
_EPSILON = {"epsilon": 0.001}
_CHECK = "saltbench.methods.attributions.validation.parameter_checks:check_epsilon"
_ABSENCE = "absence of the input is zero, and what biases and epsilon keep of the relevance may be lost."
_ONCE = "1 forward, 1 backward"
_COST = f"{_HERE}.costs:of_relevance"

LRP: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="lrp",
        version=5,
        description="Relevance shared in proportion to contributions; of a product all goes to what is gated.",
        reference=(
            "Arras, Montavon, Müller, Samek. Explaining Recurrent Neural Network Predictions in Sentiment Analysis. "
            "WASSA 2017. arXiv:1706.07206"
        ),
        factory=f"{_HERE}.lrp:lrp",
        parameters=_EPSILON,
        check=_CHECK,
        tags=("relevance",),
        assumptions=f"Gates only decide how much of a signal passes, {_ABSENCE}",
        passes=_ONCE,
        cost=_COST,
    ),
    MethodSpec(
        name="lrp-proportional",
        version=6,
        description="Relevance shared in proportion to contributions; of a product by the size of its factors.",
        reference=f"{_LSTMS} (LRP-abs)",
        factory=f"{_HERE}.lrp:lrp_proportional",
        parameters=_EPSILON,
        check=_CHECK,
        tags=("relevance",),
        assumptions=f"The larger of two factors matters more in their product, {_ABSENCE}",
        passes=_ONCE,
        cost=_COST,
    ),
    MethodSpec(
        name="lrp-half",
        version=6,
        description="Relevance shared in proportion to contributions; of a product half goes to each factor.",
        reference=f"{_LSTMS} (LRP-half)",
        factory=f"{_HERE}.lrp:lrp_half",
        parameters=_EPSILON,
        check=_CHECK,
        tags=("relevance",),
        assumptions=f"Gates matter as much as what they gate, {_ABSENCE}",
        passes=_ONCE,
        cost=_COST,
    ),
)
