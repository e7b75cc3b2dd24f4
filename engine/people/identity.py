"""Who is who: rows that share an identifier are one identity (docs/decisions/0005).

An identifier is an e-mail key, or a phone together with a company domain. Sharing is transitive, so the
partition of rows into identities is the connected components of a graph, whatever order they come in.
Pure: it is given what the store knows and answers what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: (kind, value): ("email", key) or ("phone_domain", "+13125550100|acme.example")
Identifier = tuple[str, str]

#: the kinds that name a person
IDENTIFYING = ("email", "phone_domain")
#: the kind that only joins a source's row with its repetitions within one batch
ROW = "row"


def identifiers(email: str | None, phone: str | None, domain: str | None) -> tuple[Identifier, ...]:
    """What names an identity for sure. ``email`` is a key, ``phone`` E.164, ``domain`` a company's."""
    found: tuple[Identifier, ...] = (("email", email),) if email else ()
    return (*found, ("phone_domain", f"{phone}|{domain}")) if phone and domain else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a batch of rows comes to."""

    #: the identity of each row, in the order given; merges already followed
    identities: Sequence[int]
    #: identities that are new
    created: frozenset[int]
    #: identifiers nobody had, and whose they now are
    claimed: Mapping[Identifier, int]
    #: (survivor, loser) of identities that were two before, survivors final
    merges: Sequence[tuple[int, int]]


class _Aliases:
    """Union-find over identity ids; the smallest id of a set is its name."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def find(self, identity: int) -> int:
        parent = self._parent
        while (up := parent.get(identity, identity)) != identity:
            parent[identity] = parent.get(up, up)
            identity = up
        return identity

    def join(self, a: int, b: int) -> int:
        a, b = self.find(a), self.find(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
        return min(a, b)

    def joined(self) -> list[int]:
        """Every id that is not the name of its set."""
        return sorted(self._parent)


def resolve(
    rows: Sequence[tuple[int | None, tuple[Identifier, ...]]],
    known: Mapping[Identifier, int],
    fresh: Iterator[int],
) -> Resolution:
    """Give each row its identity.

    A row is (the identity it already belongs to, its identifiers). ``known`` says whose the identifiers are
    now; ``fresh`` yields ids larger than any in use. An older identity survives a younger one.
    """
    aliases, created = _Aliases(), set[int]()
    claimed: dict[Identifier, int] = {}
    found: list[int] = []
    for own, names in rows:
        identity = own
        for name in names:
            holder = known.get(name) or claimed.get(name)
            if holder is not None:
                identity = holder if identity is None else aliases.join(identity, holder)
        if identity is None:
            identity = next(fresh)
            created.add(identity)
        for name in names:
            if name not in known and name not in claimed:
                claimed[name] = identity
        found.append(identity)
    joined = {i: aliases.find(i) for i in aliases.joined()}
    return Resolution(
        identities=[joined.get(i, i) for i in found],
        created=frozenset(created - joined.keys()),
        claimed={name: joined.get(i, i) for name, i in claimed.items()},
        merges=[(survivor, loser) for loser, survivor in joined.items() if loser not in created],
    )
