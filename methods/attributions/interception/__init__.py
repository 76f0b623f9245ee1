"""Intercept PyTorch's calls; decompositions that all rule sets share."""
