"""Readers of file formats, which turn damaged, foreign and endless files into one line."""
