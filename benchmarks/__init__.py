"""Benchmarks: ours and a raw baseline, interleaved in one run, told as ratios."""
