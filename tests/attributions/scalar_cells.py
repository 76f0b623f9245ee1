"""PyTorch's LSTM and GRU written out one scalar at a time, for oracles that propagate through them."""

import math


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def dot(weights, values):
    return sum(w * v for w, v in zip(weights, values, strict=True))


def lstm_states(series_, w_ih, w_hh, bias, hidden):
    """Return per step the pre-activations and states of PyTorch's LSTM, all Python floats."""
    h, c = [0.0] * hidden, [0.0] * hidden
    steps = []
    for x in series_:
        a = [dot(w_ih[k], x) + dot(w_hh[k], h) + bias[k] for k in range(4 * hidden)]
        i, f, o = ([sigmoid(a[gate * hidden + k]) for k in range(hidden)] for gate in (0, 1, 3))
        g = [math.tanh(a[2 * hidden + k]) for k in range(hidden)]
        before, c = c, [f[k] * c[k] + i[k] * g[k] for k in range(hidden)]
        tanh_c = [math.tanh(v) for v in c]
        step = {"a": a, "i": i, "f": f, "g": g, "o": o, "before": before, "c": c, "tanh_c": tanh_c, "h_before": h}
        h = [o[k] * tanh_c[k] for k in range(hidden)]
        steps.append({**step, "h": h})
    return steps


def gru_states(series_, w_ih, w_hh, b_ih, b_hh, hidden):
    """Return per step the pre-activations and states of PyTorch's GRU, all Python floats."""
    h = [0.0] * hidden
    steps = []
    for x in series_:
        a = [dot(w_ih[k], x) + dot(w_hh[k], h) + b_ih[k] + b_hh[k] for k in range(2 * hidden)]
        r, z = ([sigmoid(a[gate * hidden + k]) for k in range(hidden)] for gate in (0, 1))
        u = [dot(w_hh[2 * hidden + k], h) + b_hh[2 * hidden + k] for k in range(hidden)]
        a += [dot(w_ih[2 * hidden + k], x) + b_ih[2 * hidden + k] + r[k] * u[k] for k in range(hidden)]
        n = [math.tanh(a[2 * hidden + k]) for k in range(hidden)]
        before, h = h, [(1 - z[k]) * n[k] + z[k] * h[k] for k in range(hidden)]
        steps.append({"a": a, "r": r, "z": z, "u": u, "n": n, "h_before": before, "h": h})
    return steps
