"""Architectures: factories of networks that map (batch, time, features) to logits (batch, classes)."""
