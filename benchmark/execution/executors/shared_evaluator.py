"""Evaluation cell by cell, by processes that share a store."""

from dataclasses import dataclass

from ....errors import StoreError
from ...storage.locks import held
from ...storage.store import address
from ..evaluator import Evaluator
from ..plan import Job
from ..stored.networks import Network


@dataclass
class SharingEvaluator(Evaluator):
    """An evaluator for jobs of one method each: a model is trained once for all of them, in whichever process.

    Processes take turns at a model that is not stored yet. What the last training raised is kept for the model's other
    cells, which would fail alike.
    """

    _failed: tuple[str, BaseException] | None = None

    def _model(self, job: Job) -> Network:
        model = address(job.model_key())
        if self._failed is not None and self._failed[0] == model:
            raise self._failed[1]
        with held(self.store.root / ".turns" / model):
            try:
                return super()._model(job)
            except (StoreError, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._failed = model, error
                raise
