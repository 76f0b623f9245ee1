"""Passes through a network: bounded memory, prefix caching, baselines, random streams."""
