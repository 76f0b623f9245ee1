"""Files that are whole or absent: the content-addressed store, atomic files, CSV."""
