"""What the papers' own functions gave, and the formula-made arrays they were given; see metrics/golden/README.md."""

import json
from pathlib import Path

import numpy as np

from saltbench import Maps

VALUES = json.loads((Path(__file__).parent / "metrics" / "golden" / "values.json").read_text("utf-8"))

SAMPLES, TIME, FEATURES, CLASSES = 4, 8, 5, 3
N, T, F = np.meshgrid(np.arange(SAMPLES), np.arange(TIME), np.arange(FEATURES), indexing="ij")
START, FIRST = N % 4 + 1, 2 * N % 3
TRUTH = ((START <= T) & (T < START + 3) & (FIRST <= F) & (F < FIRST + 2)).astype(np.float64)
EMPTY = np.where(N == 3, 0.0, TRUTH)  # the truth without that of sample 3
SIGNED = np.sin(1 + 0.7 * N + 1.3 * T + 2.1 * F + 0.37 * N * T * F)
MAPS = {
    "distinct": abs(SIGNED),
    "signed": SIGNED,
    "scaled": abs(SIGNED) * (1 + 3 * N),
    "informative": 0.6 * abs(SIGNED) + 0.5 * TRUTH * (1 + 0.1 * np.cos(2 * T + F)),
    "ties": np.round(4 * abs(SIGNED)) / 4,
    "perfect": TRUTH,
    "inverted": 1 - TRUTH,
    "constant": np.full(TRUTH.shape, 0.5),
    "last-step": np.where(T == 7, 1 + 0.01 * F, 0.001 * (T + 1) * (1 + 0.1 * F)),
}
INPUTS = np.sin(0.4 + 1.1 * N + 0.6 * T + 1.9 * F)
WEIGHTS = np.stack([0.3 * np.cos(0.5 * c + 0.9 * T[0] + 1.7 * F[0]) for c in range(CLASSES)])
PREDICTED = np.array([0, 0, 1, 2])


def maps_of(name: str, truth=TRUTH) -> Maps:
    return Maps(MAPS[name], truth)


class Network:
    """The network as a metric sees it; without softmax its logits stand for probabilities, as with Quantus."""

    def __init__(self, target=PREDICTED, softmax=True):
        self.inputs, self.target, self.labels, self.seeds = INPUTS, target, PREDICTED, range(SAMPLES)
        self.softmax = softmax

    def logits(self, inputs):
        return logits(inputs)

    def probabilities(self, inputs):
        if not self.softmax:
            return logits(inputs)
        shares = np.exp(self.logits(inputs))
        return shares / shares.sum(axis=1, keepdims=True)


def logits(inputs):
    linear = np.einsum("ntf,ctf->nc", inputs, WEIGHTS) + 0.1 * np.arange(CLASSES)
    return linear + 0.05 * linear**2
