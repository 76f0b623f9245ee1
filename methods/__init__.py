"""Architectures that are explained, and the attribution methods that explain them."""
