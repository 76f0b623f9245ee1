"""AUP, AUR, AUPRC and AUROC by the names of the papers whose code computes them so; golden values hold each to it.

In every formula P(θ) and R(θ) are precision and recall of the entries with s ≥ θ, s being what the paper makes of a
map, and θ runs over the different values of s. A truth of zeros is undefined, NaN; what else is, each function says.
"""

from collections.abc import Sequence
from functools import partial

from ..arrays import Floats
from ..maps import Maps
from ..pooling import Pool
from .areas import (
    area_of_each,
    min_max,
    of_several,
    pooled_area,
    precision_area,
    precision_area_ahead,
    recall_area,
    recall_area_ahead,
)
from .thresholds import Curve

_TINT = partial(min_max, added=1e-5)
_TIMEX = partial(min_max, added=1e-9)
_DYNAMASK = partial(min_max, added=0.0)


def aup_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ P(θ) dθ in [0, 1) over the entries of all samples, s = (a - min) / (max - min + 1e-5) per sample.

    The trapezoid rule joins the thresholds; a single one gives 0, as there. A perfect map scores (1 + π) / 2, π being
    the share of salient entries: maps with few large entries score more.

    Args:
        parts: the maps of all samples.
        sign: what becomes of a: "signed" as it is, "absolute" |a|, "positive" max(a, 0). The function takes maps as
            they are, the paper's scripts pass |a|.

    Raises:
        UnknownNameError: another sign.
    """
    return pooled_area(parts, sign, _TINT, precision_area)


def aur_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ R(θ) dθ in [0, 1) over the entries of all samples, s as in `aup:tint`.

    A single threshold gives 0, as there. A map of ones in many places scores well: recall costs nothing.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _TINT, recall_area)


def auprc_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return Σ (R_n - R_{n-1}) P_n in [0, 1] over the entries of all samples, s as in `aup:tint`.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _TINT, Curve.average_precision)


def auroc_tint(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return the probability in [0, 1] that a salient entry of any sample outranks another of any, s as in `aup:tint`.

    Undefined also for a truth of ones.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _TINT, Curve.roc_auc)


def aup_dynamask_rare(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ P(θ⁺) dθ ≥ 0 over the entries of all samples, s = a: unbounded, since maps are not scaled.

    θ⁺ is the threshold above θ, and P is 1 above the largest: of each interval, the precision of its upper end and of
    that above are joined. Undefined where all entries are the same, for which the script raises.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(precision_area_ahead))


def aur_dynamask_rare(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ R(θ⁺) dθ ≥ 0 over the entries of all samples, s and θ⁺ as in `aup:dynamask-rare`, R being 0 above all.

    Undefined where all entries are the same, for which the script raises.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(recall_area_ahead))


def aup_dynamask_state(parts: Sequence[Maps]) -> Pool:
    """Return ∫ P(θ) dθ in [0, 1] over the entries of all samples, s = (|a| - min) / (max - min) per sample.

    Undefined where any map is constant, for which the script raises.
    """
    return pooled_area(parts, "absolute", _DYNAMASK, precision_area)


def aur_dynamask_state(parts: Sequence[Maps]) -> Pool:
    """Return ∫ R(θ) dθ in [0, 1] over the entries of all samples, s as in `aup:dynamask-state`.

    Undefined where any map is constant, for which the script raises.
    """
    return pooled_area(parts, "absolute", _DYNAMASK, recall_area)


def auprc_dynamask_state(parts: Sequence[Maps]) -> Pool:
    """Return Σ (R_n - R_{n-1}) P_n in [0, 1] over the entries of all samples, s as in `aup:dynamask-state`.

    Undefined where any map is constant, for which the script raises.
    """
    return pooled_area(parts, "absolute", _DYNAMASK, Curve.average_precision)


def auroc_dynamask_state(parts: Sequence[Maps]) -> Pool:
    """Return the probability in [0, 1] that a salient entry outranks another of any sample, s as in the others.

    Undefined where any map is constant, for which the script raises, and for a truth of ones.
    """
    return pooled_area(parts, "absolute", _DYNAMASK, Curve.roc_auc)


def aup_contralsp(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ P(θ) dθ ≥ 0 over the entries of all samples, s = a: unbounded, since maps are not scaled.

    Undefined where all entries are the same, for which the code raises.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(precision_area))


def aur_contralsp(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ R(θ) dθ ≥ 0 over the entries of all samples, s = a: unbounded, since maps are not scaled.

    Undefined where all entries are the same, for which the code raises.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(recall_area))


def auprc_contralsp(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return ∫ P dR in [0, 1] by the trapezoid rule from (R = 0, P = 1) over the entries of all samples, s = a.

    Undefined where all entries are the same, for which the code raises.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(Curve.trapezoid_precision))


def auroc_contralsp(parts: Sequence[Maps], *, sign: str = "signed") -> Pool:
    """Return the probability in [0, 1] that a salient entry of any sample outranks another of any, s = a.

    Undefined where all entries are the same, for which the code raises, and for a truth of ones.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return pooled_area(parts, sign, _unscaled, of_several(Curve.roc_auc))


def aup_timex(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return ∫ P(θ) dθ in [0, 1] of each sample, (batch,), s = (a - min) / (max - min + 1e-9).

    NaN for a constant map, for which the code raises, and for a truth of zeros, to which it gives 0.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return area_of_each(maps, sign, _TIMEX, of_several(precision_area))


def aur_timex(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return ∫ R(θ) dθ in [0, 1] of each sample, (batch,), s as in `aup:timex`.

    NaN for a constant map, for which the code raises, and for a truth of zeros, to which it gives almost 1.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return area_of_each(maps, sign, _TIMEX, of_several(recall_area))


def auprc_timex(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return Σ (R_n - R_{n-1}) P_n in [0, 1] of each sample, (batch,), s as in `aup:timex`.

    NaN for a constant map, for which the code raises, and for a truth of zeros, to which it gives 0.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return area_of_each(maps, sign, _TIMEX, of_several(Curve.average_precision))


def auprc_timex_plus_plus(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return ∫ P dR in [0, 1] of each sample, (batch,), by the trapezoid rule from (recall 0, precision 1).

    The entries are scaled as in `aup:timex`. NaN for a constant map and for a truth of zeros.

    Raises:
        UnknownNameError: another sign than those of `aup:tint`.
    """
    return area_of_each(maps, sign, _TIMEX, of_several(Curve.trapezoid_precision))


def auprc_xaitimesynth(maps: Maps) -> Floats:
    """Return ∫ P dR in [0, 1] of each sample, (batch,), by the trapezoid rule from (recall 0, precision 1), s = |a|.

    A map of zeros, whose entries tie, scores (1 + π) / 2, π being the share of salient entries: more than many a map
    of a network. NaN for a truth of zeros.
    """
    return area_of_each(maps, "absolute", _unscaled, Curve.trapezoid_precision)


def _unscaled(entries: Floats) -> Floats:
    return entries
