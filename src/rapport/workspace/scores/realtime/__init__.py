"""Scores of those something happened to, computed again within a second or two."""
