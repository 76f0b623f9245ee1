"""A leaderboard as one page of HTML."""
