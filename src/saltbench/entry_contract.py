"""What the contract tests of all kinds of entries share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from .entry import Entry
from .errors import kind_of


class Contract:
    """Tests that take a `spec` run once for each entry, with the settings that were given for it."""

    specs: ClassVar[tuple[Entry, ...]] = ()
    parameters: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Parametrize the tests by entry."""
        if "spec" in metafunc.fixturenames:
            metafunc.parametrize("spec", self.specs, ids=lambda spec: spec.name)

    def configured(self, spec: Entry) -> dict[str, Any]:
        """Return the entry's settings: its defaults, and in their place those that were given for it."""
        return spec.configure(self.parameters.get(spec.name, {}))

    def test_the_entry_states_what_it_is(self, spec: Entry) -> None:
        """Check name, version, defaults and factory."""
        hold(bool(spec.name), "an entry must have a name, got ''")
        is_counted = isinstance(spec.version, int) and spec.version >= 1
        hold(is_counted, f"{spec.name} must have a version of at least 1, got {spec.version!r}; raise it with changes")
        spec.configure(spec.parameters)
        hold(callable(spec.load()), f"the factory of {spec.name} must be a function, got {kind_of(spec.load())}")


def hold(promise: bool, sentence: str) -> None:
    """Fail a test with a sentence unless a promise is kept.

    Raises:
        AssertionError: it is not.
    """
    __tracebackhide__ = True  # pytest shows the line that asks
    if not promise:
        raise AssertionError(sentence)
