"""A source's declared mapping, compiled against its header: one row of text in, one imported row out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple

from engine.errors import ImportFailed
from engine.fields import PERSON_FIELDS, FieldType
from engine.model import CHANNELS, ConsentMapping, Project, SourceDef
from engine.people import values as read
from engine.people.identity import ROW, Identifier, identifiers
from engine.people.normalise import FREE_MAIL, company_domain, email_key
from engine.people.phones import phone_number
from engine.people.values import BadValue
from engine.suggest import nearest

#: part of every row's digest: raise it when cells are read differently, so that every row is read again
_READING = 1

_CONSENT_TYPES = frozenset({"express_written", "express", "soft_opt_in", "implied", "revoked"})
_REVOKED_WORDS = frozenset({"withdrawn", "opted_out", "opt_out", "unsubscribed"})
_SCOPES = frozenset({"none", "marketing", "all", *CHANNELS})


class RowConsent(NamedTuple):
    """A grant or revocation a row states; ``at`` None: undated, so as of the import."""

    channel: str
    type: str
    at: int | None
    proof: str | None


class RowNote(NamedTuple):
    """What a row says of a note: open since ``opened_at`` (None: now), or not ``open`` any more."""

    kind: str
    open: bool
    opened_at: int | None


class ImportedRow(NamedTuple):
    """One row, read. A tuple and not a dataclass because a million of them are made.

    ``values`` holds the person columns that are not empty, in the store's units; ``attributes`` likewise.
    """

    number: int
    key: str
    digest: str
    values: dict[str, Any]
    attributes: dict[str, Any]
    email: str | None  # key
    phone: str | None
    domain: str | None
    identifiers: tuple[Identifier, ...]
    consents: tuple[RowConsent, ...]
    opted_out: tuple[tuple[str, int | None], ...]  # (channel or "all", since; None: as of the import)
    notes: tuple[RowNote, ...]


class RowRejected(ValueError):
    """A row that cannot go in, with every reason. What it says against contact holds all the same."""

    def __init__(
        self, reasons: Sequence[str], email: str | None, phone: str | None, channels: Iterable[str]
    ) -> None:
        super().__init__("; ".join(reasons))
        self.email, self.phone, self.channels = email, phone, tuple(channels)


class RowReader:
    """The compiled mapping of one people source."""

    def __init__(self, source: SourceDef, project: Project, header: Sequence[str], table: str) -> None:
        """Raises ImportFailed naming every mapped column that ``header`` of ``table`` does not have."""
        self._source, self._project = source, project
        self._width = len(header)
        self._at = _positions(source, header, table)
        self._key = self._at[source.key]
        used = sorted({self._at[name] for name in mapped_columns(source)})
        self._used = itemgetter(used[0], *used)  # at least two, so that it always answers a tuple
        self._digest = blake2b(repr(_reading(source, project)).encode(), digest_size=12)
        self._cells = [
            (field, column, self._at[column], self._converter(field))
            for field, column in source.mapping.items()
        ]
        self._constants = {field: self._constant(field, text) for field, text in source.constants.items()}
        self._listed = [
            (field, index, frozenset(project.values[field]))
            for field, _, index, convert in self._cells
            if convert is None and field in project.values
        ]
        named = (*source.mapping, *source.constants)
        self._attributes = [name for name in named if name.startswith("attributes.")]
        self.columns = self._person_columns()

    def _person_columns(self) -> tuple[str, ...]:
        """Person columns this source may fill, apart from ``attributes``."""
        named = {f for f in (*self._source.mapping, *self._source.constants) if f in PERSON_FIELDS}
        derived = {"email_key", "company_domain"} if "email" in named else set[str]()
        return tuple(sorted(named | derived))

    def _converter(self, field: str) -> read.Convert | None:
        if field in _SPECIAL:
            return _SPECIAL[field]
        kind = PERSON_FIELDS.get(field) or FieldType(self._project.attributes[field.partition(".")[2]])
        return read.converter(kind, currency=self._project.currency, date_format=self._source.date_format)

    def _constant(self, field: str, text: str) -> Any:
        convert = self._converter(field)
        try:
            return convert(text) if convert else text
        except BadValue as error:
            raise ImportFailed(f"{self._source.source}: set {field}: '{text}' {error}") from None

    def digest(self, cells: Sequence[str]) -> str:
        """A fingerprint of what the mapping looks at: same fingerprint, nothing to do."""
        looked_at = self._used(cells) if len(cells) == self._width else cells
        state = self._digest.copy()
        state.update("\x1f".join(looked_at).encode("utf-8", "replace"))
        return state.hexdigest()

    def key(self, cells: Sequence[str]) -> str:
        """The cell that names the row for ever; empty when there is none."""
        return cells[self._key].strip() if self._key < len(cells) else ""

    def read(self, number: int, key: str, digest: str, cells: Sequence[str]) -> ImportedRow:
        """The row's meaning; ``key`` and ``digest`` are its own. Raises RowRejected."""
        if len(cells) != self._width:
            raise RowRejected([f"{len(cells)} cells under {self._width} column names"], None, None, ())
        bad: list[str] = [] if key else [f"'{self._source.key}' is empty"]
        values, attributes = self._values(cells, bad)
        email, phone, domain = self._addresses(values, bad)
        source = self._source
        opted_out = tuple(self._opted_out(cells)) if source.opted_out else ()
        consents = tuple(self._consents(cells, bad)) if source.consent else ()
        notes = tuple(self._notes(cells, bad)) if source.notes else ()
        if "\x00" in "".join(cells):
            bad.append("a cell holds a NUL character")
        if bad:
            raise RowRejected(bad, email, phone, [channel for channel, _ in opted_out])
        return ImportedRow(
            number, key, digest, values, attributes, email, phone, domain,
            ((ROW, key), *identifiers(email, phone, domain)), consents, opted_out, notes,
        )  # fmt: skip

    def unlisted(self, rows: Iterable[Sequence[str]]) -> Counter[str]:
        """Field -> how many cells of the rows hold what is not in its list, where the project has one."""
        whole = [cells for cells in rows if len(cells) == self._width] if self._listed else []
        found = Counter[str]()
        for field, index, legal in self._listed:
            held = Counter(cells[index] for cells in whole)
            wrong = sum(n for text, n in held.items() if text.strip() and text.strip() not in legal)
            if wrong:
                found[field] = wrong
        return found

    def _values(self, cells: Sequence[str], bad: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        values = self._constants.copy()
        for field, column, index, convert in self._cells:
            text = cells[index].strip()
            if not text:
                continue
            try:
                values[field] = text if convert is None else convert(text)
            except BadValue as error:
                bad.append(f"'{column}' {error}")
        attributes = {name[11:]: values.pop(name) for name in self._attributes if name in values}
        return values, attributes

    def _addresses(self, values: dict[str, Any], bad: list[str]) -> tuple[str | None, str | None, str | None]:
        """Normalise the addresses in place; (e-mail key, phone, company domain)."""
        email = phone = domain = None
        if given := values.get("email"):
            email = values["email_key"] = email_key(given)
            if email is None:
                bad.append(f"'{self._source.mapping.get('email', 'email')}' is not an e-mail address")
        if given := values.get("phone"):
            region = values.get("country") or self._project.default_country
            phone = values["phone"] = phone_number(given, region)
            if phone is None:
                bad.append(f"'{self._source.mapping.get('phone', 'phone')}' is not a telephone number")
        if given := values.pop("company_domain", None):
            domain = company_domain(given)
        if domain is None and email is not None:
            host = email.rpartition("@")[2]
            domain = None if host in FREE_MAIL else host
        if domain is not None:
            values["company_domain"] = domain
        return email, phone, domain

    def _opted_out(self, cells: Sequence[str]) -> Iterable[tuple[str, int | None]]:
        for channel, column in self._source.opted_out.items():
            text = cells[self._at[column]].strip()
            if read.truthy(text):
                yield channel, self._date_or_none(text)

    def _consents(self, cells: Sequence[str], bad: list[str]) -> Iterable[RowConsent]:
        for mapped in self._source.consent:
            try:
                if consent := self._consent(mapped, cells):
                    yield consent
            except BadValue as error:
                bad.append(f"consent for {mapped.channel} {error}")

    def _consent(self, mapped: ConsentMapping, cells: Sequence[str]) -> RowConsent | None:
        kind = _consent_type(mapped.type_value or self._cell(mapped.type, cells))
        at = self._cell(mapped.at, cells)
        if kind is None or (mapped.at and not at and kind != "revoked"):
            return None  # a grant that nobody can date is no grant
        moment = read.instant(at, self._source.date_format) if at else None
        return RowConsent(mapped.channel, kind, moment, self._cell(mapped.proof, cells) or None)

    def _notes(self, cells: Sequence[str], bad: list[str]) -> Iterable[RowNote]:
        for kind, column in self._source.notes.items():
            text = cells[self._at[column]].strip()
            opened = self._date_or_none(text)
            if opened is None and text and text.lower() not in read.TRUE_WORDS | read.FALSE_WORDS:
                bad.append(f"'{column}' is neither a date nor yes or no")
            yield RowNote(kind, read.truthy(text), opened)

    def _date_or_none(self, text: str) -> int | None:
        if len(text) < 6:  # a word, not a date
            return None
        try:
            return read.instant(text, self._source.date_format)
        except BadValue:
            return None

    def _cell(self, column: str | None, cells: Sequence[str]) -> str:
        return cells[self._at[column]].strip() if column else ""


def _reading(source: SourceDef, project: Project) -> tuple[object, ...]:
    """All that the meaning of a cell depends on."""
    declared = (source.mapping, source.constants, source.consent, source.opted_out, source.notes)
    units = (source.date_format, project.attributes, project.default_country, project.currency)
    return _READING, declared, units


def _consent_type(text: str) -> str | None:
    word = text.lower().replace(" ", "_").replace("-", "_")
    if word in _REVOKED_WORDS:
        return "revoked"
    if not word or word in read.FALSE_WORDS or word == "unknown":
        return None
    if word not in _CONSENT_TYPES:
        raise BadValue(f"is not one of {', '.join(sorted(_CONSENT_TYPES))}")
    return word


def _scope(text: str) -> str:
    """Channels, ``marketing``, ``all`` or ``none``. What cannot be understood is taken for ``all``."""
    words = text.lower().replace(",", " ").replace(";", " ").split()
    if not read.truthy(text):
        return "none"
    return " ".join(sorted(set(words))) if set(words) <= _SCOPES else "all"


_SPECIAL: dict[str, read.Convert] = {
    "country": read.country,
    "region": read.region,
    "timezone": read.timezone,
    "usage_30d": read.whole,
    "purchases": read.whole,
    "do_not_contact_scope": _scope,
}


def mapped_columns(source: SourceDef) -> list[str]:
    """Every source column the mapping names."""
    consent = [c for m in source.consent for c in (m.type, m.at, m.proof) if c]
    against = (*source.opted_out.values(), *source.notes.values())
    return [source.key, *source.mapping.values(), *consent, *against]


def _positions(source: SourceDef, header: Sequence[str], table: str) -> dict[str, int]:
    """Where each column stands. Raises ImportFailed for columns that are missing or there twice."""
    return positions(mapped_columns(source), header, table, str(source.source))


def positions(wanted: Sequence[str], header: Sequence[str], table: str, declared: str) -> dict[str, int]:
    """Where each wanted column stands in ``header``. Raises ImportFailed for one missing or there twice."""
    missing = [name for name in dict.fromkeys(wanted) if name not in header]
    if missing:
        named = " and ".join(f"'{name}'" for name in missing)
        close = [f"'{c}' for '{name}'" for name in missing if (c := nearest(name, list(header)))]
        hint = f"did you mean {', '.join(close)}?" if close else f"Its columns are: {', '.join(header)}"
        raise ImportFailed(f"{table} has no column {named}, which {declared} maps", hint=hint)
    double = next((name for name in wanted if header.count(name) > 1), None)
    if double is not None:
        raise ImportFailed(f"{table} has the column '{double}' twice", hint="Rename one of them")
    return {name: header.index(name) for name in wanted}
