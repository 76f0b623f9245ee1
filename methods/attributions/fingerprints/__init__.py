"""Fingerprints of networks, and what was found out about a network for as long as it lives and stays as it is."""
