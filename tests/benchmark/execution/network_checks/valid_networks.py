"""Networks that answer each sample by itself, and would refuse or misread a series that nobody gave them."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

TIME, FEATURES, CLASSES, WIDTH = 9, 3, 2, 8


def padded(batch=6, padding=0.0):
    """Return series whose ends are padded, (batch, TIME, FEATURES); each is shorter than the one before."""
    values = torch.randn(batch, TIME, FEATURES, generator=torch.Generator().manual_seed(0))
    for row in range(batch):
        values[row, max(2, TIME - 1 - row) :] = padding
    return values


def with_lengths(batch=6):
    """Return padded series whose last feature is their length."""
    values = padded(batch)
    values[..., -1] = values.any(2).sum(1, keepdim=True)
    return values


def from_padding(x):
    return (x != 0).any(2).sum(1)


class Packed(nn.Module):
    """A recurrent layer over packed series."""

    def __init__(self, layer=nn.LSTM, lengths=from_padding, read="state", **options):
        super().__init__()
        self.layer = layer(FEATURES, WIDTH, batch_first=True, bidirectional=read == "both")
        self.classifier = nn.Linear(WIDTH * (1 + (read == "both")), CLASSES)
        self.lengths, self.read, self.options = lengths, read, {"enforce_sorted": False, **options}

    def forward(self, x):
        lengths = self.lengths(x)
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, **self.options)
        outputs, state = self.layer(packed)
        if self.read == "mean":
            return self.classifier(pad_packed_sequence(outputs, batch_first=True)[0].sum(1) / lengths[:, None])
        state = state[0] if isinstance(state, tuple) else state
        return self.classifier(torch.cat([*state], 1) if self.read == "both" else state[-1])


class Encoder(nn.Module):
    """A transformer that masks the padding, and takes the mean of what is left."""

    def __init__(self, nested=False):
        super().__init__()
        self.embed = nn.Linear(FEATURES, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=nested)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        padding = (x == 0).all(2)
        seen = self.encoder(self.embed(x), src_key_padding_mask=padding)
        return self.classifier((seen * ~padding[..., None]).sum(1) / (~padding).sum(1, keepdim=True))


class Convolution(nn.Module):
    """A causal convolution, read at each series' last step that is not padding."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv1d(FEATURES, WIDTH, 3)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, x):
        seen = torch.relu(self.layer(nn.functional.pad(x.transpose(1, 2), (2, 0))))
        last = from_padding(x) - 1
        return self.classifier(seen[torch.arange(len(x)), :, last])


class Guarded(nn.Module):
    """A linear network behind a clause that raises."""

    def __init__(self, clause):
        super().__init__()
        self.clause, self.classifier = clause, nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        self.clause(x)
        return self.classifier(torch.tanh(x).sum(1))


def each_has_numbers(x):
    if not bool(x.flatten(1).any(1).all()):
        raise ValueError("a series is empty")


def there_are_numbers(x):
    assert x.any(), "no series at all"


def is_custom(x):
    class EmptyError(Exception):
        pass

    if not bool(x[:, 0].any(1).all()):
        raise EmptyError("a series has no start")


class Whitening(nn.Module):
    """Multiplies with the inverse of a sample's own second moments, which a series of zeros does not have."""

    def __init__(self, solve):
        super().__init__()
        self.solve, self.classifier = solve, nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        moments = x.transpose(1, 2) @ x
        return self.classifier(self.solve(moments, x.tanh().sum(1)[..., None])[..., 0])


VALID = {
    "lstm": (Packed, padded),
    "gru": (lambda: Packed(nn.GRU), padded),
    "rnn": (lambda: Packed(nn.RNN), padded),
    "both-directions": (lambda: Packed(nn.GRU, read="both"), padded),
    "unpacked-mean": (lambda: Packed(read="mean"), padded),
    "sorted": (lambda: Packed(enforce_sorted=True), padded),
    "lengths-in-a-channel": (lambda: Packed(lengths=lambda x: x[:, 0, -1].long()), with_lengths),
    "lengths-anywhere-in-it": (lambda: Packed(lengths=lambda x: x[..., -1].amax(1).long()), with_lengths),
    "padding-of-minus-one": (lambda: Packed(lengths=lambda x: (x != -1).any(2).sum(1)), lambda n=6: padded(n, -1.0)),
    "transformer": (Encoder, padded),
    "nested-transformer": (lambda: Encoder(nested=True), padded),
    "convolution": (Convolution, padded),
    "guard": (lambda: Guarded(each_has_numbers), padded),
    "guard-of-the-batch": (lambda: Guarded(there_are_numbers), padded),
    "guard-of-its-own-error": (lambda: Guarded(is_custom), padded),
    "inverse": (lambda: Whitening(lambda a, b: torch.linalg.inv(a) @ b), padded),
    "solve": (lambda: Whitening(torch.linalg.solve), padded),
    "cholesky": (lambda: Whitening(lambda a, b: torch.cholesky_solve(b, torch.linalg.cholesky(a))), padded),
}
