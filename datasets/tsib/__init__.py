"""The benchmark of interpretability in time-series predictions (TSIB): processes × layouts of a shifted box."""
