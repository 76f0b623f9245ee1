"""A known signal planted in a user's own series."""
