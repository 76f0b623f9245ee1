import pytest
import torch
from pretend_device import pretend_cuda

REAL = [pytest.param("real", marks=pytest.mark.gpu)] if torch.cuda.is_available() else []


@pytest.fixture(params=["pretended", *REAL])
def device(request):
    """A CUDA device: one that is pretended, and the real one where there is one."""
    if request.param == "real":
        yield torch.device("cuda")
    else:
        with pretend_cuda() as device:
            yield device
