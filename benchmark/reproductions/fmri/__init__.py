"""The source's task fMRI: charts, brains, and what was published."""
