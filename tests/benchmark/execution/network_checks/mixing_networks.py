"""Networks whose answer for a sample depends on the other samples of its batch."""

import torch
from torch import nn
from valid_networks import CLASSES, FEATURES, TIME, WIDTH


class Mixing(nn.Module):
    """A small network of what a formula makes of a batch, (batch, time, features) again."""

    def __init__(self, formula):
        super().__init__()
        self.formula = formula
        self.layer = nn.Linear(FEATURES, WIDTH)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        return self.classifier(torch.tanh(self.layer(self.formula(x))).mean(1))


class Periods(nn.Module):
    """Folds each series by the periods that are strongest in the mean spectrum of the batch, as TimesNet does."""

    def __init__(self, top=2):
        super().__init__()
        self.top = top
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.fold = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        hidden = self.embed(x)
        spectrum = torch.fft.rfft(hidden, dim=1).abs()
        strength = spectrum.mean(0).mean(-1)
        strength[0] = 0
        frequencies = torch.topk(strength, self.top).indices
        weights = torch.softmax(spectrum.mean(-1)[:, frequencies], 1)
        folded = [self._folded(hidden, hidden.shape[1] // int(frequency)) for frequency in frequencies]
        return self.classifier((torch.stack(folded, -1) * weights[:, None, None]).sum(-1).mean(1))

    def _folded(self, hidden, period):
        batch, time, width = hidden.shape
        whole = nn.functional.pad(hidden, (0, 0, 0, -time % period)).view(batch, -1, period, width)
        return torch.relu(self.fold(whole.permute(0, 3, 1, 2))).flatten(2).transpose(1, 2)[:, :time]


class Delays(nn.Module):
    """Rolls each series by the delays of its strongest correlation, those of another sample where heads are several.

    The delays (batch,) are repeated head by head and the series (batch, heads) lie sample by sample, as in an
    implementation of Autoformer.
    """

    def __init__(self, heads=2):
        super().__init__()
        self.heads = heads
        self.embed = nn.Linear(FEATURES, WIDTH)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        batch, time, _ = x.shape
        hidden = self.embed(x).view(batch, time, self.heads, -1).transpose(1, 2).reshape(batch * self.heads, time, -1)
        spectrum = torch.fft.rfft(hidden, dim=1)
        correlation = torch.fft.irfft(spectrum * spectrum.conj(), n=time, dim=1).mean(2)
        delays = correlation.view(batch, self.heads, time).mean(1)[:, 1:].argmax(1) + 1
        places = (torch.arange(time)[None] + delays.repeat(self.heads)[:, None]) % time
        rolled = torch.gather(hidden, 1, places[..., None].expand_as(hidden))
        seen = (torch.tanh(rolled) * hidden).view(batch, self.heads, time, -1).transpose(1, 2).reshape(batch, time, -1)
        return self.classifier(seen.mean(1))


class BatchStatistics(nn.Module):
    """Normalises with the statistics of the batch in evaluation mode too."""

    def __init__(self):
        super().__init__()
        self.normalise = nn.BatchNorm1d(FEATURES, track_running_stats=False)
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.classifier(torch.tanh(self.normalise(x.transpose(1, 2))).mean(2))


class TimeFirst(nn.Module):
    """A layer that takes the batch for time."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.classifier = layer, nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        seen = self.layer(x)
        return self.classifier((seen[0] if isinstance(seen, tuple) else seen)[:, -1])


def padded_to_the_longest(x):
    """Cut the batch to its longest series: what pads a layer then depends on the others."""
    return x[:, : int((x != 0).any(2).sum(1).amax())]


MIXING = {
    "periods": Periods,
    "period": lambda: Periods(1),
    "delays": Delays,
    "statistics": BatchStatistics,
    "lstm-time-first": lambda: TimeFirst(nn.LSTM(FEATURES, WIDTH)),
    "transformer-time-first": lambda: TimeFirst(
        nn.Sequential(nn.Linear(FEATURES, WIDTH), nn.TransformerEncoderLayer(WIDTH, 2, 8))
    ),
    "mean": lambda: Mixing(lambda x: x - x.mean(0)),
    "mean-of-all": lambda: Mixing(lambda x: x - x.mean()),
    "a-little-of-the-mean": lambda: Mixing(lambda x: x + 1e-3 * x.mean(0)),
    "largest": lambda: Mixing(lambda x: x / x.abs().amax()),
    "neighbour": lambda: Mixing(lambda x: x + x.roll(1, 0)),
    "ranks": lambda: Mixing(lambda x: x.argsort(0).argsort(0) / len(x)),
    "size": lambda: Mixing(lambda x: x * len(x)),
    "place": lambda: Mixing(lambda x: x + torch.arange(len(x))[:, None, None]),
    "longest": lambda: Mixing(padded_to_the_longest),
    "choice-of-features": lambda: Mixing(lambda x: x * (x.std(1).mean(0) == x.std(1).mean(0).max())),
    "quantile": lambda: Mixing(lambda x: x.clamp(max=torch.quantile(x, 0.9))),
}


def waves(batch=8, steps=24):
    """Return noisy waves of two frequencies that take turns, (batch, steps, FEATURES)."""
    noise = torch.randn(batch, steps, FEATURES, generator=torch.Generator().manual_seed(1))
    frequencies = torch.tensor([2.0, 5.0])[torch.arange(batch) % 2]
    angles = torch.arange(steps) * frequencies[:, None] * 2 * torch.pi / steps
    return torch.sin(angles)[..., None] + 0.3 * noise


def noise(batch=6):
    """Return series of random numbers, (batch, TIME, FEATURES)."""
    return torch.randn(batch, TIME, FEATURES, generator=torch.Generator().manual_seed(2))
