"""A leaderboard as Markdown and LaTeX, and what both have in common."""
