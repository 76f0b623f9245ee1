"""Networks that take more than a series."""

import pytest
import torch
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError
from saltbench.methods.attributions.entries import ENTRIES

TIME, FEATURES, STATIC, SAMPLES = 8, 4, 2, 4
METHODS = {spec.name: spec for spec in ENTRIES if not spec.is_reference}


class Noting(nn.Module):
    """Keeps what it is given where a network that is put back as it was does not lose it."""

    def __init__(self):
        super().__init__()
        seen = []
        self.note = seen.append

    @property
    def seen(self):
        return self.note.__self__


class Recorder(Noting):
    """Tells classes apart by a series, and keeps every row that it sees; where it attends is its own choice."""

    def __init__(self, features=FEATURES):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent = nn.GRU(features, 5, batch_first=True)
            self.classifier = nn.Linear(5, 2)
        self.double().eval()

    def forward(self, inputs):
        with torch._C.DisableTorchFunction():
            self.note(inputs.detach().clone())
        return self.classifier(self.recurrent(inputs)[0].tanh().mean(1))

    def attention(self, inputs):
        return torch.softmax(inputs.sum(2), 1)


class Patient(Noting):
    """A series and static features, the latter at every step of the recurrent layer."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            self.recurrent = nn.GRU(FEATURES + STATIC, 5, batch_first=True)
            self.classifier = nn.Linear(5 + STATIC, 2)
        self.double().eval()

    def forward(self, series, static):
        with torch._C.DisableTorchFunction():
            self.note((series.detach().clone(), static.detach().clone()))
        steps = static.unsqueeze(1).repeat(1, series.shape[1], 1)
        hidden = self.recurrent(torch.cat([series, steps], 2))[0].tanh().mean(1)
        return self.classifier(torch.cat([hidden, static.tanh()], 1))


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


CLASSES = torch.tensor([0, 1, 1, 0])
SERIES, FIXED = random(SAMPLES, TIME, FEATURES), random(SAMPLES, STATIC, seed=1)
BACKGROUND = (random(6, TIME, FEATURES, seed=2), random(6, STATIC, seed=3))


def score(series, static, target=CLASSES):
    with torch.no_grad():
        return Patient()(series, static).gather(1, target[:, None])[:, 0]


def explained(method, model, hold=None, inputs=(SERIES, FIXED), **others):
    try:
        options = {"background": BACKGROUND, "seed": 5, **FEWER.get(method, {}), **others}
        return saltbench.explain(model, inputs, CLASSES, method=method, hold=hold, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


class Closed(nn.Module):
    """The network of one sample, whose static features it has closed over."""

    def __init__(self, static):
        super().__init__()
        self.model, self.static = Patient(), static

    def forward(self, series):
        return self.model(series, self.static.repeat(len(series), 1))
