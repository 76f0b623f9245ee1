"""The benchmark: from a suite to its leaderboard and figures, and the command line."""
