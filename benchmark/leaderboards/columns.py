"""The columns of leaderboard.csv that say what a row is about."""

IDENTITY = ["task", "architecture", "method"]

LEADING = [*IDENTITY, "status", "reason", "seeds", "samples", "accuracy", "at_chance"]

TEXT = [*IDENTITY, "status", "reason", "at_chance"]
