"""Tasks with a label and a truth at every step; no suite runs them yet, since its labels are one a sample."""

from .l2x_switch import l2x_switch
from .spike import spike
from .state import state
from .stepwise_data import StepwiseData, StepwiseSplit
from .switch import switch

__all__ = ["StepwiseData", "StepwiseSplit", "l2x_switch", "spike", "state", "switch"]
