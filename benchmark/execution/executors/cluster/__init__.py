"""Compute units on the workers of a Dask cluster."""
