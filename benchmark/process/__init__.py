"""The process that runs: its settings, its streams, its module path, and their way back."""
