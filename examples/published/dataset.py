"""What the data sets have in common: published rows in, a file that the importer reads out."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from engine.errors import RekindleError

Row = dict[str, str]
#: what had to be read with care -> in how many rows
Blemishes = Counter[str]

#: column of the prepared file: the number of the published row, the first after the header being 1
NUMBER = "row"
#: column of the prepared file: whom the row is about; empty where it names nobody
KEY = "identity"


class NotTheSet(RekindleError):
    """A published file is missing or is not the one this program knows"""

    hint = "--data names the folder with crm/, telco/ and no_show/ in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """One published set and how it is understood."""

    name: str
    #: the file with one row a record, below the data folder
    file: str
    #: its column that names people, and the one that is empty on a row that names nobody
    key: str
    named_by: str
    #: the moment at which the rehearsal begins, ISO 8601
    now: str
    #: the entry of people.sources in rekindle.yaml
    source: str
    #: the prepared rows, in the order in which they shall be imported
    rows: Callable[[Path, Blemishes], Iterable[Row]]
    #: entries that people.attributes needs on top of the shipped ones
    attributes: str = ""
    #: what is taken for granted and is not in the set, in words
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was published, counted without the code that maps it."""

    rows: int
    #: rows that name somebody
    named: int
    #: how many they name
    people: int


def prepare(data: DataSet, folder: Path, to: Path) -> Blemishes:
    """Write the prepared file ``to`` from the published files in ``folder``. Raises NotTheSet."""
    blemishes: Blemishes = Counter()
    rows = iter(data.rows(folder, blemishes))
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("w", encoding="utf-8", newline="") as file:
        first = next(rows, None)
        if first is None:
            raise NotTheSet(f"{folder / data.file} has no rows")
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return blemishes


def read(path: Path, *columns: str) -> list[Row]:
    """The rows of a published CSV file, gzipped or not. Raises NotTheSet when one of ``columns`` is missing."""
    with _text(path) as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise NotTheSet(f"{path} has no column {missing[0]!r}")
        return list(reader)


def count(data: DataSet, folder: Path) -> Published:
    """What the published file holds, and how many people it names."""
    with _text(folder / data.file) as file:
        reader = csv.reader(file)
        header = next(reader)
        named_by, key = header.index(data.named_by), header.index(data.key)
        keys = [row[key] if row[named_by] else "" for row in reader]
    named = [key for key in keys if key]
    return Published(rows=len(keys), named=len(named), people=len(set(named)))


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("rb") as raw:
            plain = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            yield TextIOWrapper(cast(BinaryIO, plain), encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise NotTheSet(f"there is no {path}") from None
    except (UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise NotTheSet(f"{path} cannot be read as text: {error}") from None
