"""Segments as people keep them: made, built every night, looked into, used elsewhere."""
