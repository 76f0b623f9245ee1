"""Curves, tables and charts: on-task share, and accuracy after removing what maps rank highest."""
