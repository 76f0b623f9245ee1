"""Metrics of robustness: how maps change with the inputs, the explained class and the network's parameters."""
