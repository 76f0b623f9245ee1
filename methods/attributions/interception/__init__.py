"""Intercept PyTorch's calls; rules that all rule sets share."""
