"""Published tables and figures beside measured ones."""
