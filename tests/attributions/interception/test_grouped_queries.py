from functools import partial

import pytest
import torch
from attribution_models import FEATURES, Formula, classes, series
from torch import nn
from torch.nn import functional as F

from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp


@pytest.mark.parametrize("method", [deeplift, lrp])
def test_heads_of_queries_may_share_one_of_keys_and_values(method):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        queries, keys = nn.Linear(FEATURES, 8).double(), nn.Linear(FEATURES, 4).double()

    def attended(x, attend):
        query, key = queries(x).unflatten(2, (4, 2)).mT, keys(x).unflatten(2, (2, 2)).mT
        return attend(query.permute(0, 3, 1, 2), key.permute(0, 3, 1, 2)).transpose(1, 2).flatten(2).tanh()

    def grouped(query, key):
        return F.scaled_dot_product_attention(query, key, key.tanh(), enable_gqa=True)

    def repeated(query, key):
        key = key[:, [0, 0, 1, 1]]
        return F.scaled_dot_product_attention(query, key, key.tanh())

    found, expected = (
        attribute(method, Formula(partial(attended, attend=attend)), series(), classes() % 2)
        for attend in (grouped, repeated)
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    assert found.abs().max() > 1e-3
