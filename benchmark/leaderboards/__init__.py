"""Scores to tables: leaderboard, statistics, cost, and the folder that holds them."""
