"""saltbench.evaluate: mistakes are told in one line."""

import pytest
import torch
from evaluated_networks import SMALL, evaluated, lstm, method, own_data
from torch import nn

import saltbench
from saltbench.errors import ContractError, DuplicateNameError, ParameterError, ShapeError, UnknownNameError


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"task": "box/later"}, UnknownNameError, "unknown task 'box/later'; did you mean 'box/latter'"),
        ({"methods": ["gradients"]}, UnknownNameError, "unknown method 'gradients'"),
        ({"metrics": ["jaccard"]}, UnknownNameError, "unknown metric 'jaccard'"),
        ({"target": "wrong"}, ParameterError, "target must be one of true, predicted, got 'wrong'"),
        ({"output": "odds"}, ParameterError, "output must be one of logit, probability, got 'odds'"),
        ({"seeds": 0}, ParameterError, "seeds and samples must be whole numbers of at least 1, got 0 and 20"),
        ({"seeds": 1001}, ParameterError, "^seeds must be at most 1000, got 1001; take a smaller number$"),
        ({"samples": 10**30}, ParameterError, "^samples must be at most 1000000, got 10{30}; take a smaller number$"),
        ({"seeds": 1.5}, ParameterError, "seeds and samples must be whole numbers of at least 1, got 1.5 and 20"),
        ({"samples": None}, ParameterError, "must be whole numbers of at least 1, got 1 and None"),
        ({"parameters": {**SMALL, "salience": {}}}, UnknownNameError, "unknown entry in parameters 'salience'"),
        ({"model": lstm(features=4)}, ShapeError, "give the steps and features that it was built for"),
        (
            {"methods": ["saliency", "deeplift", "saliency"]},
            DuplicateNameError,
            "each method must have a name of its own, got 'saliency' twice; leave one out, or rename it",
        ),
        (
            {"methods": [method(lambda inputs: inputs), method(lambda inputs: -inputs)]},
            DuplicateNameError,
            "each method must have a name of its own, got 'mine' twice",
        ),
        (
            {"methods": [method(lambda inputs: inputs, "oracle")]},
            DuplicateNameError,
            "each method must have a name of its own, got 'oracle' twice",
        ),
        (
            {"metrics": ["roc_auc", "roc_auc"]},
            DuplicateNameError,
            "each metric must have a name of its own, got 'roc_auc' twice",
        ),
        (
            {"model": lstm(classes=3)},
            ShapeError,
            "the network must return 2 logits for task box/latter, one a class, got 3; give one made for its classes",
        ),
        ({"model": lstm(classes=1)}, ShapeError, r"got \(3, 1\); wrap it: saltbench\.adapted"),
        (
            {"task": own_data(labels=4), "parameters": {}},
            ContractError,
            "task 'data' must have labels of 0 … 1 for its 2 classes, got 0 … 3 in train",
        ),
        (
            {
                "task": saltbench.TaskSpec(name="own", version=1, description="", reference="", factory=lambda seed: 3),
                "parameters": {},
            },
            ContractError,
            "task 'own' must return TaskData, got int",
        ),
        ({"device": "gpu"}, ParameterError, "device must be auto, cpu or cuda, got 'gpu'"),
        ({"model": lstm, "device": "gpu"}, ParameterError, "device must be auto, cpu or cuda, got 'gpu'"),
        (
            {"model": lambda features, classes: nn.Flatten()},
            ContractError,
            "architecture 'model' must have parameters to train, got none",
        ),
        (
            {"model": lambda features, classes: None},
            ContractError,
            "architecture 'model' must return a torch.nn.Module, got NoneType",
        ),
        (
            {"model": "lstm"},
            ParameterError,
            r"model must be a torch.nn.Module or a function \(features, classes\)",
        ),
    ],
)
def test_mistakes_are_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        evaluated(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [lstm(), lstm])
def test_a_device_that_is_not_there_is_refused(monkeypatch, model):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ParameterError, match="device cuda was asked for but PyTorch sees no GPU"):
        evaluated(model, device="cuda")
