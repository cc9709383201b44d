"""Python's package ``concurrent`` on threadwise."""
