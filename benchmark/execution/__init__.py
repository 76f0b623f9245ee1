"""Plan, train, explain, score: what happens to one cell of a run."""
