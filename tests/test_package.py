import fnmatch
import importlib
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import saltbench

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS = {
    "saltbench": ROOT / "src" / "saltbench",
    "saltbench.benchmark": ROOT / "benchmark",
    "saltbench.methods": ROOT / "methods",
    "saltbench.datasets": ROOT / "datasets",
}
HEAVY = ("torch", "captum", "sklearn", "matplotlib", "seaborn", "scipy", "pandas", "pyarrow")


def packages_on_disk():
    for name, folder in FOLDERS.items():
        for init in folder.rglob("__init__.py"):
            inside = init.parent.relative_to(folder).parts
            yield ".".join((name, *inside)), init.parent


def test_every_folder_with_an_init_is_in_the_wheel():
    assert sorted(name for name, _ in packages_on_disk()) == sorted(SETUPTOOLS["packages"])


def test_every_python_file_lies_in_a_package():
    folders = {folder for _, folder in packages_on_disk()}
    stray = [path for folder in FOLDERS.values() for path in folder.rglob("*.py") if path.parent not in folders]
    assert stray == []


def test_the_folders_are_those_that_setuptools_maps():
    assert {name: ROOT / folder for name, folder in SETUPTOOLS["package-dir"].items()} == FOLDERS


def test_every_data_file_is_in_the_wheel():
    packages = {folder: name for name, folder in packages_on_disk()}

    def is_shipped(path):
        holder = next(folder for folder in path.parents if folder in packages)
        patterns = SETUPTOOLS["package-data"].get(packages[holder], [])
        return any(fnmatch.fnmatch(path.relative_to(holder).as_posix(), pattern) for pattern in patterns)

    files = [path for folder in FOLDERS.values() for path in folder.rglob("*") if path.is_file()]
    data = [path for path in files if path.suffix not in (".py", ".pyc")]
    assert len(data) >= 3  # py.typed and the suites
    assert [path for path in data if not is_shipped(path)] == []


def test_version_is_that_of_the_installed_distribution():
    assert version("saltbench") == saltbench.__version__


def test_importing_saltbench_and_listing_everything_loads_nothing_heavy(run_python):
    script = """
import sys
import saltbench
alone = [name for name in sys.modules if name.startswith("saltbench.")]
assert not alone, alone
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.suites.registry import listing, load_registries
from saltbench.benchmark.suites.suite import bundled_suites, load_suite
registries = load_registries()
for kind in ("tasks", "architectures", "methods", "metrics"):
    assert listing(getattr(registries, kind))
for name in bundled_suites():
    assert list(jobs(load_suite(name, registries), "cpu"))
print(sorted(set(sys.argv[1:]) & set(sys.modules)))
"""
    done = run_python(script, *HEAVY)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_lazy_names_are_exactly_the_public_ones_and_all_resolve():
    assert {*saltbench._PUBLIC, "__version__"} == set(saltbench.__all__)
    for name, module in saltbench._PUBLIC.items():
        found = getattr(importlib.import_module(f"saltbench.{module}"), name)
        assert getattr(saltbench, name) is found


def test_static_imports_name_the_modules_of_the_lazy_ones():
    source = (FOLDERS["saltbench"] / "__init__.py").read_text("utf-8")
    for name, module in saltbench._PUBLIC.items():
        line = next(line for line in source.splitlines() if line.startswith(f"    from .{module} import"))
        assert name in line.split("import")[1].replace(",", " ").split()


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'saltbench' has no attribute 'saliency'"):
        saltbench.saliency


def test_star_import_gives_the_public_names(run_python):
    done = run_python("from saltbench import *; print(TaskSpec.__name__, attribute.__name__, __version__)")
    assert done.stdout == f"TaskSpec attribute {saltbench.__version__}\n"


def test_datasets_of_the_repository_does_not_pose_as_top_level_datasets():
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import datasets"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: this folder is a part of saltbench; it was imported")
    assert "run Python with -P (or PYTHONSAFEPATH=1)" in done.stderr
