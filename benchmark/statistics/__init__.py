"""Intervals, bootstrap, signed ranks, ranks of methods, components of variance."""
