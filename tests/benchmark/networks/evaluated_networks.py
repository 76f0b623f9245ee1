"""Small networks, methods and data to evaluate."""

import numpy as np
from torch import nn

import saltbench

SMALL = {
    "box/latter": {"layouts": [[[6, 10, 1, 4]]], "time": 10, "features": 5, "train": 60, "validation": 20, "test": 30}
}
METRICS = ["weighted_jaccard", "average_precision", "completeness_residual"]


def lstm(features=5, classes=2):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(features, 4, batch_first=True)
            self.classifier = nn.Linear(4, classes)

        def forward(self, inputs):
            return self.classifier(self.layer(inputs)[0][:, -1])

    return Network()


def method(factory, name="mine", **parameters):
    return saltbench.MethodSpec(
        name=name, version=1, description="", reference="", factory=factory, parameters=parameters
    )


def evaluated(model=None, methods=("saliency",), task="box/latter", **options):
    options = {"metrics": METRICS, "parameters": SMALL, "samples": 20, **options}
    return saltbench.evaluate(model or lstm(), task, list(methods), **options)


def row(table, name):
    (found,) = table[table.method == name].to_dict("records")
    return found


def own_data(labels=2):
    def split(count, seed):
        generator = np.random.default_rng(seed)
        inputs = generator.normal(size=(count, 6, 5)).astype(np.float32)
        truth = np.zeros_like(inputs)
        truth[:, :3] = 1
        return saltbench.Split(inputs, generator.integers(0, labels, count), truth)

    return saltbench.TaskData(split(30, 0), split(10, 1), split(12, 2), classes=2)
