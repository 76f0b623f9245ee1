"""Validate arguments, results and parameters of attributions."""
