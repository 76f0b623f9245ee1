"""Passes through a network: bounded memory, prefix states, baselines, random streams."""
