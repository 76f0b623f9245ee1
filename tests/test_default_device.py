import torch

from saltbench.methods.default_device import default_device


def test_it_is_the_cpu_also_after_another_was_taken_back():
    assert default_device() == torch.device("cpu")
    try:
        torch.set_default_device("meta")
        assert default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)
    assert default_device() == torch.device("cpu")
