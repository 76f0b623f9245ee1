"""Readers of file formats: what is damaged, foreign or endless becomes one line."""
