"""Tasks with a label and a truth at every step."""
