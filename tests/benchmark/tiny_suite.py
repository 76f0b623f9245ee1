"""Suites small enough to run many times."""

TINY = """
description = "small enough to run in a second"
tasks = ["box/earlier", "box/latter"]
architectures = ["lstm", "input-cell-lstm"]
methods = ["saliency", "smoothgrad", "integrated-gradients"]
seeds = 2
samples = 6

[training]
epochs = 3

[parameters."box/earlier"]
layouts = [[[0, 4, 2, 8]]]
time = 10
features = 12
train = 60
validation = 20
test = 20

[parameters."box/latter"]
layouts = [[[6, 10, 2, 8]]]
time = 10
features = 12
train = 60
validation = 20
test = 20
"""

SMALLER = TINY
for before, after in {
    'tasks = ["box/earlier", "box/latter"]': 'tasks = ["box/latter"]',
    '["lstm", "input-cell-lstm"]': '["input-cell-lstm"]',
    '"saliency", "smoothgrad", "integrated-gradients"': '"saliency", "smoothgrad"',
    "seeds = 2": "seeds = 1",
}.items():
    assert before in SMALLER
    SMALLER = SMALLER.replace(before, after)
