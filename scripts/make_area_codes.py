"""Writes engine/area_codes.py from the data of the phonenumbers package.

Its geocoder answers for the whole world out of 100 MB of memory; what a worker asks of it is which state a US
area code stands for, and that is a page. Run it after an update of phonenumbers; a test says when.
"""

from __future__ import annotations

from pathlib import Path

TARGET = Path(__file__).parents[1] / "engine" / "area_codes.py"

NAMES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI", "Idaho": "ID",
    "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA",
    "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN",
    "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV",
    "New Hampshire": "NH", "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Puerto Rico": "PR", "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN",
    "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington State": "WA",
    "Washington D.C.": "DC", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
}  # fmt: skip

HEAD = '''"""US area codes and the state each stands for. Written by scripts/make_area_codes.py; do not edit."""

STATES: dict[str, str] = {
'''

TAIL = """}

#: area code -> state
STATE_OF: dict[str, str] = {code: state for state, codes in STATES.items() for code in codes.split()}
"""


def text() -> str:
    """The module's source."""
    from phonenumbers.geodata import GEOCODE_DATA

    found: dict[str, dict[str, set[int]]] = {}
    for prefix, names in GEOCODE_DATA.items():
        tail = names.get("en", "").rsplit(", ", 1)[-1]  # a state's name, or "New York, NY"
        state = NAMES.get(tail) or (tail if tail in NAMES.values() else None)
        if len(prefix) >= 4 and prefix.startswith("1") and state:
            found.setdefault(prefix[1:4], {}).setdefault(state, set()).add(len(prefix))
    states: dict[str, list[str]] = {}
    for code, told in found.items():
        # the area code's own entry, else what all its exchanges agree on
        own = [state for state, lengths in told.items() if 4 in lengths] or list(told)
        if len(own) == 1:
            states.setdefault(own[0], []).append(code)
    lines = [f'    "{state}": "{" ".join(sorted(codes))}",' for state, codes in sorted(states.items())]
    return HEAD + "\n".join(_folded(line) for line in lines) + "\n" + TAIL


def _folded(line: str) -> str:
    if len(line) <= 110:
        return line
    name, _, codes = line.strip().rstrip(",").partition(": ")
    words = codes.strip('"').split()
    half = (len(words) + 1) // 2
    return f'    {name}: "{" ".join(words[:half])} "\n    "{" ".join(words[half:])}",'


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
