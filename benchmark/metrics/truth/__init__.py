"""Metrics that compare maps with the truth, and what chance scores by them."""
