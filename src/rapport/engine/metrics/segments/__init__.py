"""Segments: who belongs together, by rules or by what they do, and what tells them from the rest.

spec.py            what a segment says: facts, deeds, scores
members.py         who is in it as of an instant
behaviour.py       what subjects do, as numbers, as known at an instant
clusters.py        groups that behave alike: found, described, frozen
naming.py          their descriptions and names, in words
distinguishing.py  what tells a segment from the rest
"""
