"""Metrics: maps and truth to scores, their chance levels, and whether they can be trusted."""
