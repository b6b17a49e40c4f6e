"""Conditions on subjects, events and related records; see `grammar.py` for what they may say."""
