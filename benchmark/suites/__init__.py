"""Registries, suites and their TOML, training recipes, provenance."""
