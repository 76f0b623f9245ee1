"""The pytest plugin: suites as tests, fixtures, assertions."""
