"""Quadrature and rounding."""
