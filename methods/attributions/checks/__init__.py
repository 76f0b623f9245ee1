"""Check what methods return: third parties' changes undone, and maps that sum to the change of the output."""
