"""Why some published numbers of Table 1 lie outside our intervals: experiments, run by hand.

`forget-bias` trains the LSTM on the middle box with the forget gate opened at the start. `longer` trains the LSTM
with self-attention on after every training sample is right, and scores its saliency at several epochs.
`double-softmax` trains it as the published code does, with a softmax before the cross-entropy. `classes` reads
results/table1/scores.parquet and prints the ROC AUC of input-cell attention for each class.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from saltbench import TaskData, load_registries
from saltbench.benchmark.execution.plan import Seeds
from saltbench.benchmark.execution.training import as_tensors, run_epoch, standing, train
from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth.localisation import euclidean, weighted_jaccard
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.methods.attributions.adapters import Probabilities
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.seeding import seeded

REGISTRIES = load_registries()
EPOCHS = (1, 2, 5, 10, 20, 40)


def data_of(task: str, repetition: int) -> TaskData:
    """Return the data that repetition of the suite has."""
    entry = REGISTRIES.tasks.get(task)
    return entry.load()(Seeds.of(repetition).data, **entry.configure({}))


def model_of(architecture: str) -> nn.Module:
    """Return an untrained model with the source's sizes."""
    return REGISTRIES.architectures.get(architecture).load()(features=100, classes=2)


def forget_bias(repetitions: int) -> None:
    """Print the test accuracy of LSTMs on the middle box by what is added to the forget gate's bias."""
    for repetition in range(repetitions):
        data = data_of("box/middle", repetition)
        for added in (0.0, 1.0, 2.0):

            def build(added: float = added) -> nn.Module:
                model = model_of("lstm")
                with torch.no_grad():
                    model.recurrent.bias_ih_l0[5:10] += added
                return model

            model, training = train(build, data, Recipe(), Seeds.of(repetition).training)
            accuracy = standing(model, *as_tensors(data.test, "cpu")).accuracy
            jaccard, distance = scores(Probabilities(model), data)
            sys.stdout.write(
                f"seed {repetition}, bias + {added:.0f}: {training.epochs} epochs, accuracy {accuracy:.3f}, "
                f"{jaccard:.4f} / {distance:.4f}\n"
            )


def longer(repetitions: int) -> None:
    """Print weighted Jaccard and Euclidean distance by the number of epochs, without early stopping."""
    for task in ("box/middle", "box/3-earlier"):
        for repetition in range(repetitions):
            data, seed = data_of(task, repetition), Seeds.of(repetition).training
            with seeded(seed):
                model = model_of("lstm-self-attention")
                optimiser = torch.optim.Adam(model.parameters(), lr=Recipe().learning_rate)
                order = torch.Generator().manual_seed(seed)
                for epoch in range(1, max(EPOCHS) + 1):
                    run_epoch(model, optimiser, as_tensors(data.train, "cpu"), Recipe().batch, order, data.classes)
                    if epoch in EPOCHS:
                        jaccard, distance = scores(Probabilities(model), data)
                        sys.stdout.write(f"{task} seed {repetition}, {epoch} epochs: {jaccard:.3f} / {distance:.3f}\n")


def double_softmax(repetitions: int) -> None:
    """Print weighted Jaccard and Euclidean distance after training on cross-entropy of the softmax output."""
    for task in ("box/middle", "box/3-earlier"):
        for repetition in range(repetitions):
            data, seed = data_of(task, repetition), Seeds.of(repetition).training
            model, training = train(lambda: Probabilities(model_of("lstm-self-attention")), data, Recipe(), seed)
            jaccard, distance = scores(model, data)
            sys.stdout.write(f"{task} seed {repetition}, {training.epochs} epochs: {jaccard:.3f} / {distance:.3f}\n")


def classes(repetitions: int) -> None:
    """Print the ROC AUC of input-cell attention's saliency for each task, seed and class."""
    table = pd.read_parquet(Path(__file__).parents[2] / "results" / "table1" / "scores.parquet")
    chosen = table[(table.architecture == "input-cell-lstm") & (table.seed < repetitions)]
    sys.stdout.write(f"{chosen.groupby(['task', 'seed', 'label']).roc_auc.mean().unstack().round(2)}\n")


def scores(model: nn.Module, data: TaskData) -> tuple[float, float]:
    """Return the mean weighted Jaccard and Euclidean distance of the saliency of model's output on the test split."""
    inputs, labels = as_tensors(data.test, "cpu")
    maps = Maps(attribute(saliency, model, inputs, labels).numpy(), data.test.truth)
    return float(weighted_jaccard(maps).mean()), float(euclidean(maps).mean())


def main() -> None:
    """Run the experiment that is asked for."""
    experiments = {
        "forget-bias": forget_bias,
        "longer": longer,
        "double-softmax": double_softmax,
        "classes": classes,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", choices=experiments)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    experiments[options.experiment](options.repetitions)


if __name__ == "__main__":
    main()
