"""A leaderboard beside another one, a golden table, or published numbers."""
