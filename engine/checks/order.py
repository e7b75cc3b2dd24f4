"""Which of several values stand out of order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def out_of_order(values: Sequence[int]) -> list[int]:
    """Places of the fewest values without which the others never fall; where others would do, of the later ones.

    One wrong value among many is named alone, not everything that it stands before.
    """
    lowest: list[int] = []  # the best value with which so many, counted from the end, can go on, negated
    places: list[int] = []
    after: dict[int, int | None] = {}
    for place in reversed(range(len(values))):
        length = bisect_right(lowest, -values[place])
        after[place] = places[length - 1] if length else None
        lowest[length:length + 1], places[length:length + 1] = [-values[place]], [place]
    kept = set[int]()
    place_kept = places[-1] if places else None
    while place_kept is not None:
        kept.add(place_kept)
        place_kept = after[place_kept]
    return [place for place in range(len(values)) if place not in kept]
