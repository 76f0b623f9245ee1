"""Run a suite and write its folder, with progress."""
