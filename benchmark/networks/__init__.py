"""A user's own network: evaluate it, explain it, check it by randomisation."""
