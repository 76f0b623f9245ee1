"""What the white boxes compute of a series, given which of its entries are salient."""

import torch
from torch import Tensor


def sum_of_squares(series: Tensor, salient: Tensor) -> Tensor:
    """Return Σ_t f_t, (batch, 1), f_t being the sum of the squares of the salient features at step t.

    The source's output is the vector of all f_t; a map explains their sum.

    Args:
        series: (batch, time, features).
        salient: 1 for each salient entry and 0 elsewhere, (batch, time, features).
    """
    return (series.square() * salient).sum(dim=(1, 2))[:, None]


def square_of_sums_and_sum_of_squares(series: Tensor, salient: Tensor) -> Tensor:
    """Return Σ_t (Σ_f x)² and Σ_t Σ_f x² over the salient entries, (batch, 2): the functions of groups 0 and 1.

    Args:
        series: (batch, time, features).
        salient: 1 for each salient entry and 0 elsewhere, (batch, time, features).
    """
    of_sums = (series * salient).sum(dim=2).square().sum(dim=1)
    return torch.stack((of_sums, sum_of_squares(series, salient)[:, 0]), dim=1)
