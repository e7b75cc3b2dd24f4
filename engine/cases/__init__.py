"""Tests of campaigns: a person, what happens to them, and the whole story the engine makes of it."""
