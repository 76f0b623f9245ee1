"""A suite small enough to run many times."""

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
