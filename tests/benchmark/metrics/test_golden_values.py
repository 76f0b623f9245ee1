"""The arrays of the golden values are those that the papers' functions were given."""

import numpy as np
import pytest
from golden_table import NO_TRUTH, RAISED, TIED, compared
from golden_values import INPUTS, MAPS, PREDICTED, TRUTH, VALUES, WEIGHTS, logits

ARRAYS = {**MAPS, "truth": TRUTH, "x": INPUTS, "W": WEIGHTS}


@pytest.mark.parametrize("name", ARRAYS)
def test_the_checksums_are_those_of_the_arrays(name):
    expected, array = VALUES[f"checksums/{name}"], ARRAYS[name]
    found = {"sum": array.sum(), "sumsq": (array**2).sum(), "last": array.ravel()[-1]}
    assert found == pytest.approx({key: expected[key] for key in found}, rel=1e-12)
    assert array.ravel()[:3].tolist() == pytest.approx(expected["first3"], rel=1e-12)


def test_the_network_is_the_one_that_they_asked():
    answers = logits(INPUTS)
    np.testing.assert_allclose(answers, VALUES["inputs/logits"]["x"], atol=1e-12)
    np.testing.assert_array_equal(answers.argmax(axis=1), PREDICTED)
    np.testing.assert_array_equal(PREDICTED, VALUES["inputs/predicted class"]["x"])


def test_every_value_is_the_papers_or_differs_for_a_stated_reason():
    rows = list(compared())
    unlike = [(one.source.metric, one.map, one.place, one.expected, one.found) for one in rows if not one.is_equal]
    assert [one for one in rows if not one.is_equal and not one.reason] == [], unlike
    assert len(rows) > 900
    # what the papers' functions give for an empty truth is a number that means nothing
    assert {one.reason for one in rows if not one.is_equal} <= {NO_TRUTH, TIED, RAISED}
    assert all(np.isnan(one.found) for one in rows if one.reason == NO_TRUTH)
