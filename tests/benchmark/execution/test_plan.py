import dataclasses

import pytest

from saltbench.benchmark.execution.plan import Seeds, jobs
from saltbench.benchmark.storage.store import address
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

SUITE = load_suite(
    "quick",
    load_registries(),
    {"tasks": ["box/earlier", "digits/rows"], "architectures": ["lstm", "bi-lstm"], "seeds": 2},
)


def planned(**changes):
    return list(jobs(dataclasses.replace(SUITE, **changes), "cpu"))


def test_one_job_a_model_and_one_for_the_references_of_a_tasks_repetition():
    found = [(job.task.name, job.repetition, job.architecture and job.architecture.name) for job in planned()]
    assert found == [
        (task, repetition, architecture)
        for task in ("box/earlier", "digits/rows")
        for repetition in (0, 1)
        for architecture in (None, "lstm", "bi-lstm")
    ]
    for job in planned():
        assert job.methods == (SUITE.methods if job.architecture else SUITE.references)


def test_words_for_progress():
    reference, model = planned()[:2]
    assert reference.describe() == "box/earlier reference methods seed 0"
    assert model.describe() == "box/earlier lstm seed 0"


def test_seeds_are_fixed_and_differ_by_purpose_and_repetition():
    assert Seeds.of(0) == Seeds(2968811710, 3677149159, 745650761)
    drawn = [seed for repetition in range(50) for seed in dataclasses.astuple(Seeds.of(repetition))]
    assert len(set(drawn)) == 150


def test_the_maps_of_every_cell_of_a_plan_have_their_own_address():
    maps = [address(job.map_key(method)) for job in planned() for method in job.methods]
    assert len(set(maps)) == len(maps)
    models = [address(job.model_key()) for job in planned() if job.architecture]
    assert len(set(models)) == len(models) == 8


def changed(choices, **changes):
    return tuple(dataclasses.replace(choice, **changes) for choice in choices)


RECIPE = dataclasses.replace(SUITE.training, epochs=3)


@pytest.mark.parametrize(
    ("changes", "model", "maps", "reference"),
    [
        # what each change makes be computed anew: the model, a model's maps, the reference methods' maps
        ({"tasks": changed(SUITE.tasks, version=9)}, True, True, True),
        ({"tasks": changed(SUITE.tasks, source="mine.py")}, True, True, True),
        ({"tasks": changed(SUITE.tasks, parameters={})}, True, True, True),
        ({"architectures": changed(SUITE.architectures, version=9)}, True, True, False),
        ({"training": RECIPE}, True, True, False),
        ({"training_version": 9}, True, True, False),
        ({"methods": changed(SUITE.methods, version=9)}, False, True, False),
        ({"references": changed(SUITE.references, version=9)}, False, False, True),
        ({"metrics": changed(SUITE.metrics, version=9)}, False, False, False),
        ({"metrics": SUITE.metrics[:1]}, False, False, False),
        ({"keep_maps": False}, False, False, False),
        ({"samples": 7}, False, True, True),
        ({"target": "predicted"}, False, True, False),
        ({"output": "probability"}, False, True, False),
        ({"name": "other", "description": "other"}, False, False, False),
        ({"seeds": 1}, False, False, False),
    ],
)
def test_a_key_changes_with_what_determines_the_result_and_with_nothing_else(changes, model, maps, reference):
    (before_reference, before, *_), (after_reference, after, *_) = planned(), planned(**changes)
    assert (before.model_key() != after.model_key()) == model
    assert (before.map_key(before.methods[0]) != after.map_key(after.methods[0])) == maps
    first = before_reference.map_key(before_reference.methods[0])
    assert (first != after_reference.map_key(after_reference.methods[0])) == reference


def test_a_network_of_the_first_version_of_training_keeps_its_key():
    _, first, *_ = planned(training_version=1)
    assert first.model_key()["training"] == dataclasses.asdict(SUITE.training)


def test_the_device_is_part_of_a_models_key():
    on_cpu, on_gpu = (list(jobs(SUITE, device))[1] for device in ("cpu", "cuda"))
    assert on_cpu.model_key() != on_gpu.model_key()


def test_crossed_seeds_combine_the_seeds_of_the_repetitions():
    crossed = planned(seeds={"data": 2, "training": 2, "attribution": 3}, tasks=SUITE.tasks[:1])
    found = [job.seeds for job in crossed if job.architecture is None]
    singles = [Seeds.of(level) for level in range(3)]
    assert found == [
        Seeds(singles[data].data, singles[training].training, singles[attribution].attribution)
        for data in range(2)
        for training in range(2)
        for attribution in range(3)
    ]
    assert [job.repetition for job in crossed if job.architecture is None] == list(range(12))


def test_crossed_seeds_share_results_with_paired_ones():
    paired = planned(seeds=2)
    crossed = planned(seeds={"data": 2, "training": 2, "attribution": 2})
    keys = {address(job.map_key(method)) for job in crossed for method in job.methods}
    assert {address(job.map_key(method)) for job in paired for method in job.methods} < keys
    models = [address(job.model_key()) for job in crossed if job.architecture]
    assert len(models) == 2 * len(set(models))  # the attribution's seed needs no other network
