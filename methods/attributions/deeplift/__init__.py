"""DeepLIFT: the rules for differences, and what is built on them."""
