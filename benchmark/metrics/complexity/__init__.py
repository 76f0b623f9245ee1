"""Metrics of the map alone: how few entries hold it."""
