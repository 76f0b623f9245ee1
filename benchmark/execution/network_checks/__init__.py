"""Whether a network can be explained: it answers each sample by itself, and alike in every call."""
