"""Perturbation methods: change the input and look at the output."""
