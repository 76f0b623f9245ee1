import pytest
import torch
from pretend_device import pretend_cuda

NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(params=["pretended", pytest.param("real", marks=[pytest.mark.gpu, NEEDS_CUDA])])
def device(request):
    """A CUDA device: one that is pretended, and the real one where there is one."""
    if request.param == "real":
        yield torch.device("cuda")
    else:
        with pretend_cuda() as device:
            yield device
