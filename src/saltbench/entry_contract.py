"""What the contract tests of all kinds of entries share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from .entry import Entry


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
        assert spec.name
        assert isinstance(spec.version, int)
        assert spec.version >= 1
        spec.configure(spec.parameters)
        assert callable(spec.load())
