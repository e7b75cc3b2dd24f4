"""The nine invariants of the architecture, tried on the real engine by everything that can go wrong."""
