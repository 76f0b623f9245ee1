"""Thousands of damages to what a run has stored: none is taken for a result, and a run repairs all to the byte."""

import itertools
import json
import os
import random
import shutil
from contextlib import suppress

import pytest
from lasting_files import PROVENANCE, lasting, temporary, without_times
from mutations import mutations
from tiny_suite import SMALLER

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import RECORD, Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

MUTATIONS = 250  # of every stored file
ROUNDS = 16
DAMAGES = 12  # in each round


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A small suite and the folder of its finished run."""
    folder = tmp_path_factory.mktemp("campaign")
    (folder / "tiny.toml").write_text(SMALLER)
    suite = load_suite(str(folder / "tiny.toml"), load_registries())
    return suite, run_suite(suite, folder / "results").folder


def records(folder):
    found = (path.parent for depth in ("*/*", "*/*/*") for path in folder.glob(f"{depth}/{RECORD}"))
    return sorted(path for path in found if TEMPORARY not in str(path.relative_to(folder)))


def kind_and_key(folder, record):
    return str(record.parent.relative_to(folder)), json.loads((record / RECORD).read_bytes())["key"]


@pytest.mark.slow
def test_no_mutation_of_a_stored_file_is_taken_for_a_result(finished, tmp_path):
    _, folder = finished
    copy = shutil.copytree(folder, tmp_path / "copy")
    store, found, tried = Store(copy), records(copy), 0
    for seed, record in enumerate(found):
        kind, key = kind_and_key(copy, record)
        sound = store.get(kind, key)
        for path in sorted(record.iterdir()):
            content = path.read_bytes()
            donors = [each.read_bytes() for each in sorted(found[seed - 1].iterdir())]
            for mutation in itertools.islice(mutations(seed, content, donors), MUTATIONS):
                path.write_bytes(mutation.content)
                # white space of the record carries nothing
                assert store.get(kind, key) in (None, sound), (path, mutation.name)
                tried += 1
            path.write_bytes(content)
        assert store.get(kind, key) == sound
    assert tried > 20 * MUTATIONS


def _mutated(rng, path, donor):
    path.write_bytes(next(mutations(rng.randrange(2**32), path.read_bytes(), [donor.read_bytes()])).content)


def _emptied(rng, path, donor):
    path.write_bytes(b"")


def _removed(rng, path, donor):
    path.unlink()


def _swapped(rng, path, donor):
    first, second = path.read_bytes(), donor.read_bytes()
    path.write_bytes(second)
    donor.write_bytes(first)


def _a_folder(rng, path, donor):
    path.unlink()
    (path / "inside").mkdir(parents=True)


def _a_pipe(rng, path, donor):
    path.unlink()
    os.mkfifo(path)


def _a_link(rng, path, donor):
    path.unlink()
    path.symlink_to(rng.choice((donor, path, "/dev/zero", "absent")))


def _edited(rng, path, donor):
    """Change a value of the record as a person would."""
    record = path.parent / RECORD
    with suppress(ValueError, TypeError, OSError):  # it may be damaged already
        content = json.loads(record.read_bytes() if record.is_file() and not record.is_symlink() else b"")
        name = rng.choice([name for name in dict.keys(content) if name != "format"])
        content[name] = rng.choice((None, 1, [], {}, "x"))
        record.write_text(json.dumps(content))


def _a_mode(rng, path, donor):
    path.chmod(rng.choice((0o400, 0o444, 0o777)))


def _folder_removed(rng, path, donor):
    shutil.rmtree(path.parent)


def _folder_renamed(rng, path, donor):
    path.parent.rename(path.parent.with_name(f"{rng.randrange(16**8):08x}"))


def _folder_a_file(rng, path, donor):
    shutil.rmtree(path.parent)
    path.parent.write_bytes(b"")


def _folder_a_link(rng, path, donor):
    moved = path.parent.with_name("moved")
    if not moved.exists():
        path.parent.rename(moved)
        path.parent.symlink_to(moved)


def _half_written(rng, path, donor):
    shutil.copytree(path.parent, path.parent.with_name(f"{TEMPORARY}{rng.randrange(16**8):08x}"), symlinks=True)


OF_FILES = (_mutated, _mutated, _emptied, _removed, _swapped, _a_folder, _a_pipe, _a_link, _edited, _a_mode)
OF_FOLDERS = (_folder_removed, _folder_renamed, _folder_a_file, _folder_a_link, _half_written)


def damage(rng, folder, times):
    """Damage stored results at random, each file at most once, and say how."""
    done = []
    for _ in range(times):
        files = sorted(path for record in records(folder) for path in record.iterdir() if path.is_file())
        sound = [path for path in files if not (path.is_symlink() or path.parent.is_symlink())]
        path, donor = rng.sample(sound, 2)
        way = rng.choice(OF_FOLDERS if rng.random() < 0.3 else OF_FILES)
        if way is _half_written and any(not each.is_file() for each in path.parent.iterdir()):
            continue  # a pipe cannot be copied
        way(rng, path, donor)
        done.append(f"{way.__name__.strip('_')} {path.relative_to(folder)}")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_run_repairs_a_damaged_folder_to_the_last_byte(finished, tmp_path, seed):
    suite, folder = finished
    expected = lasting(folder)
    rng = random.Random(seed)
    copy = shutil.copytree(folder, tmp_path / suite.name)
    done = damage(rng, copy, DAMAGES)
    tables = sorted(path for path in copy.iterdir() if path.suffix in (".csv", ".parquet", ".png"))
    for path in rng.sample(tables, 4):
        donor = tables[0] if path != tables[0] else tables[1]
        rng.choice((_mutated, _emptied, _removed))(rng, path, folder / donor.name)  # it may be gone from the copy
    result = run_suite(suite, tmp_path)
    assert result.failures == [], done
    # a damaged network is trained again when one of its cells is computed, which may be never
    tables_and_scores = {path: content for path, content in expected.items() if not path.startswith("models/")}
    found = {path: (copy / path).read_bytes() for path in tables_and_scores}  # through links as well
    assert {**found, PROVENANCE: without_times(copy)} == tables_and_scores, done
    for record in records(folder):
        kind, key = kind_and_key(folder, record)
        network, sound = Store(copy).get(kind, key), Store(folder).get(kind, key)
        assert kind != "models" or network is None or network.files == sound.files, done
    assert temporary(copy) == [], done
