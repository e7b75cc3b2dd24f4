"""What PostgreSQL is told in the cheapest way there is: a list as one text that the server reads as an array.

psycopg looks at every element of a list with regular expressions, in Python, and at what types they have together; it
was most of what a batch cost here. A text has no type of its own: the statement's cast names it.
"""

from __future__ import annotations

from collections.abc import Iterable


def array(values: Iterable[str | int | float | None]) -> str:
    """The literal of a one-dimensional array, for a parameter that the statement casts. Raises TypeError."""
    return f"{{{','.join([_element(value) for value in values])}}}"


def _element(value: object) -> str:
    match value:
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    raise TypeError(f"no element of an array that we write: {type(value).__name__}")
