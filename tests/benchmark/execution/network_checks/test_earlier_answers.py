"""A network that was checked is not checked again until anything changes that decides how it answers."""

import copy
import functools
import gc
import importlib.metadata
import sys
import threading
import types
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench.benchmark.execution.network_checks import network_checks
from saltbench.benchmark.suites import installed_entries
from saltbench.errors import NonFiniteError, ParameterError, UnknownNameError
from saltbench.methods.attributions.fingerprints import facts

TIME, FEATURES = 6, 3
MIXES = {"globally": 0.0}
MIXED = "must answer each sample by itself"


def helped(outputs):
    return outputs


class Settings:
    def __init__(self):
        self.share = 0.0


class Mixer(nn.Module):
    """Answers each sample by itself for as long as no share of the batch's mean is added anywhere."""

    share_of_class = 0.0

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(FEATURES, 2)
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("buffer", torch.zeros(()))
        self.number = 0.0
        self.table = {"share": 0.0}
        self.tensors = [torch.zeros(())]
        self.array = np.zeros(1)
        self.settings = Settings()
        self.other = nn.Identity()
        self.function = functools.partial(helped)

    def forward(self, inputs):
        outputs = self.other(helped(self.function(self.layer(inputs).mean(1))))
        shares = (self.weight, self.buffer, self.number, self.table["share"], self.tensors[0], float(self.array[0]))
        own = (self.settings.share, self.share_of_class, MIXES["globally"])
        return outputs + sum((*shares, *own)) * outputs.mean(0)


class LoudMixer(Mixer):
    """Answers each sample by itself where no sample is loud."""

    def forward(self, inputs):
        outputs = super().forward(inputs)
        return mixing(outputs) if inputs.max() > 50 else outputs


def mixing(outputs):
    return outputs + outputs.mean(0)


class MixingModule(nn.Module):
    def forward(self, inputs):
        return mixing(inputs)


def written(values):
    with torch.no_grad():
        values.fill_(1)


def replaced_forward(model):
    own = Mixer.forward
    model.forward = types.MethodType(lambda self, inputs: mixing(own(self, inputs)), model)


CHANGES = {
    "load_state_dict": lambda model: model.load_state_dict({**model.state_dict(), "weight": torch.ones(())}),
    "in place": lambda model: written(model.weight),
    "through data": lambda model: model.weight.data.fill_(1),
    "through numpy": lambda model: np.copyto(model.weight.detach().numpy(), 1),
    "buffer": lambda model: model.buffer.fill_(1),
    "another parameter": lambda model: setattr(model, "weight", nn.Parameter(torch.ones(()))),
    "number": lambda model: setattr(model, "number", 1.0),
    "table": lambda model: model.table.update(share=1.0),
    "tensor in a list": lambda model: model.tensors[0].fill_(1),
    "array": lambda model: model.array.fill(1),
    "object": lambda model: setattr(model.settings, "share", 1.0),
    "hook": lambda model: model.register_forward_hook(lambda _module, _given, outputs: mixing(outputs)),
    "hook of a layer": lambda model: model.layer.register_forward_hook(lambda _module, _given, found: mixing(found)),
    "hook before": lambda model: model.register_forward_pre_hook(lambda _module, given: (mixing(given[0]),)),
    "layer": lambda model: setattr(model, "other", MixingModule()),
    "function": lambda model: setattr(model, "function", functools.partial(mixing)),
    "forward": replaced_forward,
    "class": lambda model: setattr(model, "__class__", type("Other", (Mixer,), {"share_of_class": 1.0})),
}


def series(count=8, seed=0):
    return torch.randn(count, TIME, FEATURES, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def checked(monkeypatch):
    """Return a list to which each full check adds the network."""
    found, check = [], network_checks._first_outputs
    monkeypatch.setattr(
        network_checks, "_first_outputs", lambda model, inputs: found.append(model) or check(model, inputs)
    )
    return found


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Mixer()


def explained(model, inputs=None, **options):
    return saltbench.explain(model, series() if inputs is None else inputs, 1, method="saliency", **options)


def test_a_network_is_checked_once(model, checked):
    maps = [explained(model) for _ in range(3)]
    assert checked == [model]
    assert torch.equal(maps[0], maps[2])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_network_that_changed_is_refused_as_if_it_were_new(change, model):
    explained(model)
    change(model)
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)


def test_a_forward_of_the_class_that_changed_is_noticed(model, monkeypatch):
    explained(model)
    own = Mixer.forward
    monkeypatch.setattr(Mixer, "forward", lambda self, inputs: mixing(own(self, inputs)))
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)


def test_global_variables_that_forward_names_are_noticed(model, monkeypatch):
    explained(model)
    monkeypatch.setitem(MIXES, "globally", 1.0)
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)
    monkeypatch.setitem(MIXES, "globally", 0.0)
    explained(model)
    monkeypatch.setattr(sys.modules[__name__], "helped", mixing)
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)


def test_attributes_of_the_class_are_noticed(model, monkeypatch):
    explained(model)
    monkeypatch.setattr(Mixer, "share_of_class", 1.0)
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)


def test_closures_are_noticed():
    share = 0.0
    network = nn.Sequential(nn.Flatten(), nn.Linear(TIME * FEATURES, 2))
    network.register_forward_hook(lambda _module, _given, outputs: outputs + share * outputs.mean(0))
    explained(network)
    share = 1.0
    with pytest.raises(ParameterError, match=MIXED):
        explained(network)


def test_hooks_of_all_modules_are_noticed(model):
    explained(model)
    handle = nn.modules.module.register_module_forward_hook(lambda _module, _given, outputs: mixing(outputs))
    try:
        with pytest.raises(ParameterError, match=MIXED):
            explained(model)
    finally:
        handle.remove()


def test_libraries_whose_layers_are_replaced_are_noticed(model, monkeypatch):
    explained(model)
    own = nn.Linear.forward
    monkeypatch.setattr(nn.Linear, "forward", lambda self, inputs: mixing(own(self, inputs)))
    with pytest.raises(ParameterError, match=MIXED):
        explained(model)


@pytest.mark.parametrize("count", [1, 2, 8, 30])
def test_other_series_that_make_the_network_mix_are_noticed(count):
    network = LoudMixer()
    explained(network, series(count))
    loud = series(count, seed=1)
    loud[0, 0, 0] = 99.0
    with pytest.raises(ParameterError, match=MIXED):
        explained(network, loud)


def test_series_of_another_number_or_size_or_type_are_checked_anew(checked):
    network = Mixer()
    for inputs in (series(), series(5), series()[:, :4], series(seed=1), series(5, seed=1)):
        explained(network, inputs)
    assert len(checked) == 3
    explained(network.double(), series())
    assert len(checked) == 4


@pytest.mark.parametrize("mode", [True, False])
def test_modes_are_looked_at_as_the_user_left_them(mode, model, checked):
    model.train(mode)
    explained(model)
    assert model.layer.training is mode
    model.train(not mode)
    explained(model)
    assert len(checked) == 2


def test_what_cannot_be_looked_into_is_checked_each_time(model, checked):
    model.generator = (number for number in range(9))
    explained(model)
    explained(model)
    assert len(checked) == 2


def test_networks_that_change_themselves_are_checked_each_time(checked):
    class Counting(Mixer):
        calls = 0

        def forward(self, inputs):
            self.calls += 1
            return super().forward(inputs)

    network = Counting()
    explained(network)
    explained(network)
    assert len(checked) == 2


def test_outputs_that_are_not_finite_are_not_taken_for_checked(model, checked):
    broken = series()
    broken[:] = torch.finfo(torch.float32).max
    with pytest.raises(NonFiniteError, match="outputs must be finite"):
        explained(model, broken)
    explained(model)
    assert checked == [model, model]


def test_copies_are_networks_of_their_own(model, checked):
    explained(model)
    explained(copy.deepcopy(model))
    assert len(checked) == 2


def test_what_is_known_dies_with_the_network():
    network = Mixer()
    network.forward = network.forward  # keeps the network, which keeps it
    network.register_forward_hook(lambda module, _given, outputs: outputs)
    explained(network)
    before, key = len(facts._KNOWN), id(network)
    assert key in facts._KNOWN
    alive = weakref.ref(network)
    del network
    gc.collect()
    assert alive() is None
    assert key not in facts._KNOWN
    assert len(facts._KNOWN) < before


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "deeplift", "lrp", "shapley-sampling"])
def test_maps_do_not_depend_on_what_was_explained_before(method, model):
    fresh = saltbench.explain(copy.deepcopy(model), series(), method=method)
    for count in (1, 3, 8, 8):
        saltbench.explain(model, series(count, seed=5), method=method)
    for _ in range(2):
        assert torch.equal(saltbench.explain(model, series(), method=method), fresh)


def test_probabilities_and_logits_are_told_apart(model):
    logits = explained(copy.deepcopy(model))
    for _ in range(2):
        assert not torch.equal(explained(model, output="probability"), logits)
        assert torch.equal(explained(model), logits)


def test_a_target_is_checked_each_time(model):
    explained(model)
    for _ in range(2):
        with pytest.raises(ParameterError, match=r"target must lie in 0 … 1"):
            saltbench.explain(model, series(), 2, method="saliency")


def test_threads_that_explain_and_change_one_network(model):
    expected, refused = explained(copy.deepcopy(model)), []

    def explain():
        for _ in range(5):
            try:
                refused.append(not torch.equal(explained(model), expected))
            except ParameterError as error:
                refused.append(MIXED in str(error))

    threads = [threading.Thread(target=explain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [False] * 15
    threads = [threading.Thread(target=target) for target in (lambda: written(model.weight), explain)]
    for thread in threads:
        thread.start()
        thread.join()
    assert refused[15:] == [True] * 5


def test_what_is_installed_is_read_once_and_again_after_an_installation(tmp_path, monkeypatch):
    registries = installed_entries.installed_registries()
    assert installed_entries.installed_registries() is registries
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownNameError, match="unknown method 'mine'"):
        saltbench.explain(Mixer(), series(), method="mine")
    (tmp_path / "mine_of_a_plugin.py").write_text(
        "from saltbench import MethodSpec\n"
        "def halved(inputs): return inputs / 2\n"
        "ENTRY = MethodSpec(name='mine', version=1, description='', reference='', factory=halved)\n"
    )
    folder = tmp_path / "mine-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (folder / "entry_points.txt").write_text("[saltbench.methods]\nmine = mine_of_a_plugin:ENTRY\n")
    importlib.invalidate_caches()
    assert torch.equal(saltbench.explain(Mixer(), series(), method="mine"), series() / 2)
