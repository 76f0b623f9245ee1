"""What a classifier reaches that sees a task's series whole, or only what lies outside of the truth."""

from dataclasses import replace

import numpy as np


def without_truth(split, seed=0):
    """The inputs (batch, time, features) with salient entries taken from other samples, where they are not salient.

    An entry that is salient in all samples is 0.
    """
    rng = np.random.default_rng(seed)
    salient = split.truth > 0
    inputs, missing = np.where(salient, 0, split.inputs), salient
    for _ in range(10):
        where = np.nonzero(missing)
        if not len(where[0]):
            break
        donors = (rng.integers(len(inputs), size=len(where[0])), *where[1:])
        inputs[where] = np.where(salient[donors], inputs[where], split.inputs[donors])
        missing = missing.copy()
        missing[where] = salient[donors]
    return inputs


def centroid_accuracy(data, view=lambda split: split.inputs):
    """Share of the test samples that lie nearest to their class's mean over the training samples."""
    train, test = (view(split).reshape(len(split), -1).astype(np.float64) for split in (data.train, data.test))
    spread = train.std(axis=0)
    means = np.stack([train[data.train.labels == label].mean(axis=0) for label in range(data.classes)])
    means, test = means / np.where(spread > 0, spread, 1), test / np.where(spread > 0, spread, 1)
    distances = (means**2).sum(axis=1) - 2 * test @ means.T
    return (distances.argmin(axis=1) == data.test.labels).mean()


def outside_accuracy(data, view=lambda split: split.inputs):
    """The same for a classifier that sees what lies outside of the truth."""
    return centroid_accuracy(data, lambda split: view(replace(split, inputs=without_truth(split))))


def five_errors(data):
    """Five standard errors of the accuracy of a guess."""
    share = 1 / data.classes
    return 5 * np.sqrt(share * (1 - share) / len(data.test))
