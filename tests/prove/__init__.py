"""Proofs over whole projects, and the people and timelines that show what is wrong."""
