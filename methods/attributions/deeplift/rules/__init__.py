"""The rules of DeepLIFT, kind by kind, and their table."""
