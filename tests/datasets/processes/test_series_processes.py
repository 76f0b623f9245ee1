import numpy as np
import pytest

from saltbench.datasets.processes.autoregressive import autoregressive, continuous_autoregressive
from saltbench.datasets.processes.matern import matern
from saltbench.datasets.processes.narma import Narma
from saltbench.datasets.processes.waves import harmonic, irregular_times, pseudo_periodic


def rng():
    return np.random.default_rng(5)


def test_narma_of_the_published_seed_is_the_series_of_timesynth():
    series = Narma().of_seed(42, 50)
    np.testing.assert_allclose(series[:5], [0.10289114, 0.47665753, 0.47150087, 0.28911974, 0.19737395], atol=5e-9)
    assert series.mean() == pytest.approx(0.260, abs=5e-4)
    assert series.std() == pytest.approx(0.093, abs=5e-4)


@pytest.mark.parametrize("order", [2, 10])
def test_narma_against_loops(order):
    drive = rng().uniform(0, 0.5, (3, order + 7))
    found = Narma(order, 0.5, 1.5, 0.5).series(drive)
    for row, given in zip(found, drive, strict=True):
        last = 0.0
        for t in range(7):
            last = 0.5 * last + 1.5 * given[t] * given[order + t] + 0.5
            assert row[t] == pytest.approx(last, rel=1e-12)
    assert Narma(order).draw(rng(), (2, 3, 4)).shape == (2, 3, 4)


def test_autoregression_against_loops():
    innovations = rng().standard_normal((2, 6, 3))
    found = autoregressive(innovations, [-0.25, -0.1, -0.05])
    for t in range(6):
        earlier = [found[:, t - lag] if t >= lag else 0 for lag in (1, 2, 3)]
        expected = innovations[:, t] - 0.25 * earlier[0] - 0.1 * earlier[1] - 0.05 * earlier[2]
        np.testing.assert_allclose(found[:, t], expected, rtol=1e-12)


def test_continuous_autoregression_keeps_and_pushes_by_the_gap():
    times = np.array([[0.0, 1.0, 3.0]])
    found = continuous_autoregressive(rng(), times, 40_000, scale=0.5, start=2.0)[0]
    np.testing.assert_array_equal(found[0], 2.0)
    for step, gap in ((1, 1.0), (2, 2.0)):
        pushed = found[step] - 0.9**gap * found[step - 1]
        assert pushed.mean() == pytest.approx(0, abs=0.01)
        assert pushed.std() == pytest.approx(0.5 * np.sqrt(1 - 0.9**gap), rel=0.02)  # 5 standard errors


def test_matern_has_its_covariance_at_any_times():
    times = np.array([[0.0, 1e-5, 0.3, 1.4, 1.5, 4.0]])
    values = matern(rng(), times, 60_000)[0]
    distances = np.abs(times.T - times)
    expected = (1 + np.sqrt(3) * distances) * np.exp(-np.sqrt(3) * distances)
    np.testing.assert_allclose(np.cov(values), expected, atol=0.03)  # 5 standard errors of a variance
    assert np.abs(values[1] - values[0]).max() < 1e-3  # it is continuous


def test_times_are_the_kept_half_of_even_ones_moved_by_their_distance():
    times = irregular_times(rng(), 300, 50)
    gaps = np.diff(times)
    assert (gaps >= 0).all()
    assert gaps.mean() == pytest.approx(0.401, abs=0.005)
    assert 2 < gaps.max() < 4
    assert len({tuple(row) for row in times}) == 300


def test_waves_follow_their_formulas():
    times = irregular_times(rng(), 4, 30)
    phases = np.array([[0.0, 1.0]] * 4)
    expected = [[[np.sin(4 * np.pi * t), np.sin(4 * np.pi * t + 1)] for t in row] for row in times]
    np.testing.assert_allclose(harmonic(times, 2.0, phases), expected, atol=1e-12)
    ones = np.full((1, 20_000), np.pi / 4)  # sin(f · t) is 1 at f = 2, up to the 5e-6 of its spread
    amplitudes = pseudo_periodic(rng(), ones, 1)
    assert amplitudes.mean() == pytest.approx(1, abs=0.02)
    assert amplitudes.std() == pytest.approx(0.5, abs=0.02)
