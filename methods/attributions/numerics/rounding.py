"""Distance of two maps in ulps, and how many of them rounding may explain."""

import torch
from torch import Tensor

# By so many ulps of their largest entry may maps differ that were computed in passes of another size, in other company,
# or of series that lie otherwise in memory: 1.8e-12 in double, .001 in single precision. Libraries choose the kernels
# of products and sums by shape and place, and these round differently. Of the largest entry, since an entry's error is
# that of the sums it is made of, not of what is left of them. On the networks of the contract the most measured was 12
# for gradients and perturbations, 60 for DeepLIFT, and 870 for LRP, which divides by sums near zero.
ULPS = 2**13


def ulps_apart(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference of two maps, (batch, time, features), in ulps of the largest entry of expected."""
    if not expected.numel():
        return 0.0
    largest = expected.abs().max()
    ulp = torch.nextafter(largest, torch.full_like(largest, torch.inf)) - largest
    return float((found - expected).abs().max() / ulp)
