"""Processes that share a store train a model once between them."""

import threading

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.execution.evaluator import Evaluator
from saltbench.benchmark.execution.executors.shared_evaluator import SharingEvaluator
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.storage.locks import held
from saltbench.benchmark.storage.store import Store, address
from saltbench.benchmark.suites.registry import load_registries


def test_a_process_waits_for_a_model_that_another_trains_and_takes_that(tiny, tmp_path, monkeypatch):
    trained = []
    train = evaluation.train

    def counted(*arguments):
        trained.append(threading.current_thread())
        return train(*arguments)

    monkeypatch.setattr(evaluation, "train", counted)
    job = next(job for job in jobs(tiny, "cpu") if job.architecture)
    registries, store = load_registries(), Store(tmp_path)
    turn = tmp_path / ".turns" / address(job.model_key())
    failures = []
    waiting = threading.Thread(target=lambda: failures.extend(SharingEvaluator(registries, store).run(job)))
    with held(turn):  # as the process that trains does
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
        assert not trained
        Evaluator(registries, store)._model(job)
    waiting.join()
    assert trained == [threading.main_thread()]
    assert not failures
    assert len(list(tmp_path.glob("maps/*"))) == len(job.methods)
