"""The pytest plugin: suites as tests, and fixtures for tests of one's own entries.

Every run of pytest in an environment that holds saltbench loads this file, so it imports nothing heavy by itself.
"""

import re
from typing import Any

import pytest

from ..suites import run_options as options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all but the two short ones are prefixed, since the tests of others have options too."""
    group = parser.getgroup("saltbench", "saltbench: suites of saliency maps as tests")
    group.addoption(
        "--saltbench",
        action="append",
        default=[],
        metavar="SUITE",
        help="Run a suite, one test a cell: name of a bundled suite, or path of a TOML file; several allowed. "
        "Other tests run only if paths are given too.",
    )
    group.addoption("--leaderboard", metavar="FILE", help="Write the suite's leaderboard at the end, as CSV.")
    for option in (*options.IN_PLACE_OF_A_SUITES, *options.OF_A_RUN):
        group.addoption(f"--saltbench-{option.name}", **_keywords(option))


def _keywords(option: options.Option) -> dict[str, Any]:
    words = f"{option.help} Default: pytest's cache." if option is options.RESULTS else option.help
    told: dict[str, Any] = {"type": option.type, "help": words, "metavar": option.metavar}
    return told | ({"action": "append"} if option.several else {"default": option.default})


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> None:
    """Add --force-regen unless pytest-regressions or a conftest did: by now all of them have been loaded.

    Theirs means the same and is read from the same place.
    """
    if not hasattr(parser.parse_known_args([]), "force_regen"):
        parser.getgroup("saltbench").addoption(
            "--force-regen", action="store_true", help="Write golden tables anew instead of comparing with them."
        )


def pytest_configure(config: pytest.Config) -> None:
    """Run suites if any is asked for.

    Raises:
        pytest.UsageError: a leaderboard is asked for without a suite, or options are at odds.
    """
    if config.getoption("saltbench"):
        from .suites import SuitesPlugin

        config.pluginmanager.register(SuitesPlugin.of(config), "saltbench-suites")
    elif config.getoption("leaderboard"):
        raise pytest.UsageError("--leaderboard writes the table of a suite; name one with --saltbench SUITE")


@pytest.fixture(scope="session")
def attribution_benchmark(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Evaluate a method, architecture or task of your own; see `EntryEvaluation`. Kept for the session."""
    from .entry_evaluation import EntryEvaluation

    regenerate = bool(request.config.getoption("force_regen"))
    return EntryEvaluation(tmp_path_factory.mktemp("saltbench"), regenerate)


@pytest.fixture
def golden_leaderboard(request: pytest.FixtureRequest) -> Any:
    """Compare a leaderboard with the golden one beside the test, `<test file>/<test>.csv`; see `GoldenLeaderboard`."""
    from ..comparisons.golden import GoldenLeaderboard

    name = re.sub(r"[^\w.-]+", "-", request.node.name)
    path = request.path.with_suffix("") / f"{name}.csv"
    return GoldenLeaderboard(path, bool(request.config.getoption("force_regen")))
