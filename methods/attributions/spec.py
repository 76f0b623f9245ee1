"""The contract of an attribution method."""

from dataclasses import dataclass

from ...entry import Entry


@dataclass(frozen=True, kw_only=True)
class MethodSpec(Entry):
    """An attribution method; its factory is the method itself, a function that returns attributions.

    The function names what it needs as its leading parameters, out of

    - `model`: nn.Module in evaluation mode, (batch, time, features) to logits (batch, classes);
    - `inputs`: (batch, time, features);
    - `target`: int64 (batch,), the explained class of each sample;
    - `baseline`: (batch, time, features), what absence of the input means;
    - `truth`: (batch, time, features) in [0, 1] (reference methods only);
    - `seeds`: one integer a sample, so that random numbers do not depend on how samples are chunked;

    followed by its own parameters, and returns (batch, time, features). Each sample's attributions depend on
    that sample alone.

    Attributes:
        is_reference: a map that needs no model (oracle, random, ones, …); it gets rows of its own.
        is_complete: promises that attributions sum to output(inputs) - output(baseline); its residual is
            then reported.
    """

    is_reference: bool = False
    is_complete: bool = False
