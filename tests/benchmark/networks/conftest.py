"""Lets the tests in folders below import what stands here."""
