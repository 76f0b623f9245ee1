"""Metrics of faithfulness: what a network makes of series from which entries are removed as a map ranks them."""
