"""PyTorch's calls intercepted; rules that all rule sets share."""
