"""Information, entropy and error of scaled maps at salient entries, as time_interpret and Dynamask compute them.

s is the map scaled to [0, 1] per sample: (a - min) / (max - min + 1e-5) in time_interpret, without the addend in
Dynamask, where a constant map leaves all undefined. r is the truth, ε = 1e-5. A truth of zeros has no information and
no entropy: undefined, where the code's 0 would be the best entropy; in a share such a sample does not count.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Floats
from ..maps import Maps
from ..pooling import Pool
from ..signs import signed_map
from .areas import min_max

EPSILON = 1e-5
DEFINED = {"tint": EPSILON, "dynamask": 0.0}  # what is added to the span


def information_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return Σ r |log₂(1 - s + ε)| ≥ 0 over all samples: twice the samples have twice the information.

    Args:
        parts: the maps of all samples.
        sign: what becomes of a: "signed" as it is, "absolute" |a|, "positive" max(a, 0).

    Raises:
        UnknownNameError: another sign.
    """
    return _sum(parts, sign, "tint", _information)


def information_share_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return `information:tint` over that of all entries, in [0, 1]; undefined where none has information.

    The package's own normalisation divides by the same sum, and gives 1.

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _share(parts, sign, _information)


def entropy_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return Σ r (s |log₂(s + ε)| + (1 - s) |log₂(1 - s + ε)|) ≥ 0 over all samples: 0 where maps are sure.

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _sum(parts, sign, "tint", _entropy)


def entropy_share_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return `entropy:tint` over that of all entries, in [0, 1]; undefined where none has entropy.

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _share(parts, sign, _entropy)


def information_dynamask(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return Σ r |log₂(1 - s + ε)| ≥ 0 over all samples; undefined where any map is constant, for lack of a span.

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _sum(parts, sign, "dynamask", _information)


def entropy_dynamask(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return Σ r (s |log₂(s + ε)| + (1 - s) |log₂(1 - s + ε)|) ≥ 0; undefined where any map is constant.

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _sum(parts, sign, "dynamask", _entropy)


def mae_tint(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return the mean of |s - r| over the entries of each sample, (batch,) in [0, 1].

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _mean(np.abs(_scaled(maps, sign, "tint") - _flat(maps.relevance)))


def mse_tint(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return the mean of (s - r)² over the entries of each sample, (batch,) in [0, 1].

    Raises:
        UnknownNameError: another sign than those of `information:tint`.
    """
    return _mean((_scaled(maps, sign, "tint") - _flat(maps.relevance)) ** 2)


def _information(scaled: Floats) -> Floats:
    return np.abs(np.log2(1 - scaled + EPSILON))


def _entropy(scaled: Floats) -> Floats:
    certain, against = np.abs(np.log2(scaled + EPSILON)), np.abs(np.log2(1 - scaled + EPSILON))
    entropy: Floats = scaled * certain + (1 - scaled) * against
    return entropy


def _sum(parts: Sequence[Maps], sign: str, paper: str, of_entry: Callable[[Floats], Floats]) -> Pool:
    each = np.concatenate([_salient(part, of_entry(_scaled(part, sign, paper))) for part in parts])
    is_asked = np.concatenate([_flat(part.relevance).any(axis=1) for part in parts]).astype(np.float64)
    return Pool.of(lambda counts: np.where(counts @ is_asked > 0, counts @ each, np.nan), len(each))


def _share(parts: Sequence[Maps], sign: str, of_entry: Callable[[Floats], Floats]) -> Pool:
    found = [of_entry(_scaled(part, sign, "tint")) for part in parts]
    inside = np.concatenate([_salient(part, entries) for part, entries in zip(parts, found, strict=True)])
    is_asked = np.concatenate([_flat(part.relevance).any(axis=1) for part in parts])
    whole = np.concatenate([entries.sum(axis=1) for entries in found]) * is_asked

    def resampled(counts: Floats) -> Floats:
        total = counts @ whole
        scores: Floats = np.divide(counts @ inside, total, out=np.full(len(counts), np.nan), where=total > 0)
        return scores

    return Pool.of(resampled, len(whole))


def _salient(maps: Maps, entries: Floats) -> Floats:
    """Return the sums over salient entries, (batch,), of entries (batch, entries)."""
    relevance = _flat(maps.relevance)
    total: Floats = (entries * relevance).sum(axis=1)
    return total


def _scaled(maps: Maps, sign: str, paper: str) -> Floats:
    return min_max(_flat(signed_map(maps, sign)), DEFINED[paper])


def _flat(values: Floats) -> Floats:
    return values.reshape(len(values), -1)


def _mean(entries: Floats) -> Floats:
    mean: Floats = entries.mean(axis=1)
    return mean
