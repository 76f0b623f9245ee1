"""A forward pass in which every tensor that depends on the input carries its value for the baseline."""

from torch import Tensor

from .interception import Interception


class PairedPass(Interception):
    """Runs a network on inputs and baseline at once: what is noted of a varying tensor is its *twin*.

    The twin is the same tensor's value for the baseline.
    """

    def twin(self, tensor: Tensor) -> Tensor:
        """Return a tensor's value for the baseline: its twin, or itself if it does not vary."""
        twin: Tensor = self.noted(tensor) if self.varies(tensor) else tensor
        return twin

    def note_of_constant(self, tensor: Tensor) -> Tensor:
        """Return the tensor: a constant is its own twin."""
        return tensor
