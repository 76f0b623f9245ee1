"""The methods that propagate from the output back to the input; reading this list imports no torch."""

from .spec import MethodSpec

_HERE = "saltbench.methods.attributions"
_COST = f"{_HERE}.propagation_cost"

_DEEPLIFT = (
    "Shrikumar, Greenside, Kundaje. Learning Important Features Through Propagating Activation Differences. ICML 2017. "
    "arXiv:1704.02685"
)
_LSTMS = (
    "Arras, Arjona-Medina, Widrich, Montavon, Gillhofer, Müller, Hochreiter, Samek. Explaining and Interpreting LSTMs. "
    "In: Explainable AI, Springer 2019. arXiv:1909.12114"
)
_EPSILON = {"epsilon": 0.001}
_ABSENCE = "absence of the input is zero, and what biases and epsilon keep of the relevance may be lost."
_ONCE = "1 forward, 1 backward"

PROPAGATION: tuple[MethodSpec, ...] = (
    MethodSpec(
        name="deeplift",
        version=5,
        description="Contributions by difference-from-baseline rules, exact through gates and softmax.",
        reference=_DEEPLIFT,
        factory=f"{_HERE}.deeplift.deeplift:deeplift",
        tags=("difference", "baseline", "paired"),
        assumptions="The baseline stands for absence, and every operation of the network has a rule or is refused.",
        makes="the baseline",
        passes="forward for input and baseline, 1 backward",
        cost=f"{_COST}:of_pairs",
        is_complete=True,
    ),
    MethodSpec(
        name="deeplift-captum",
        version=2,
        description="DeepLIFT as Captum computes it: gradient times difference in recurrent layers and functions.",
        reference=f"{_DEEPLIFT}; as implemented in Kokhlikyan et al. Captum. 2020. arXiv:2009.07896",
        factory=f"{_HERE}.deeplift.captum_deeplift:captum_deeplift",
        tags=("difference", "baseline", "as-it-is"),
        assumptions=(
            "The baseline stands for absence, and every nonlinearity is an activation module called once; "
            "what is not keeps its gradient without a warning, so that the map is not complete."
        ),
        makes="the baseline",
        passes="forward and backward for input and baseline",
        cost=f"{_COST}:of_hooked_pairs",
        is_complete=True,
    ),
    MethodSpec(
        name="lrp",
        version=5,
        description="Relevance shared in proportion to contributions; of a product all goes to what is gated.",
        reference=(
            "Arras, Montavon, Müller, Samek. Explaining Recurrent Neural Network Predictions in Sentiment Analysis. "
            "WASSA 2017. arXiv:1706.07206"
        ),
        factory=f"{_HERE}.lrp.lrp:lrp",
        parameters=_EPSILON,
        tags=("relevance",),
        assumptions=f"Gates only decide how much of a signal passes, {_ABSENCE}",
        passes=_ONCE,
        cost=f"{_COST}:of_relevance",
    ),
    MethodSpec(
        name="lrp-proportional",
        version=5,
        description="Relevance shared in proportion to contributions; of a product by the size of its factors.",
        reference=f"{_LSTMS} (LRP-abs)",
        factory=f"{_HERE}.lrp.lrp:lrp_proportional",
        parameters=_EPSILON,
        tags=("relevance",),
        assumptions=f"The larger of two factors matters more in their product, {_ABSENCE}",
        passes=_ONCE,
        cost=f"{_COST}:of_relevance",
    ),
    MethodSpec(
        name="lrp-half",
        version=5,
        description="Relevance shared in proportion to contributions; of a product half goes to each factor.",
        reference=f"{_LSTMS} (LRP-half)",
        factory=f"{_HERE}.lrp.lrp:lrp_half",
        parameters=_EPSILON,
        tags=("relevance",),
        assumptions=f"Gates matter as much as what they gate, {_ABSENCE}",
        passes=_ONCE,
        cost=f"{_COST}:of_relevance",
    ),
)
