"""Leaderboards, comparisons and lists as tables for people, CSV, Markdown, LaTeX, Parquet, JSON and HTML."""
