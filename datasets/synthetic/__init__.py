"""Series that a formula makes, with the class signal where the truth says."""
