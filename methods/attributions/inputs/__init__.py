"""Networks of several inputs: one series of the explained ones, the others held at each sample's own values."""
