"""REST of collaboration, by what it is about."""
