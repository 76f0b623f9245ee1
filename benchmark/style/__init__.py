"""How figures and numbers look."""
