"""Prove: what can happen to anybody, whatever they do, told with a counterexample where it must not."""
