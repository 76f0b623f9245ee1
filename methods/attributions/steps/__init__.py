"""Explain what a network answers at each step by the observations of that step."""
