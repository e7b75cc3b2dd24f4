"""What a template names, walked over Jinja's own syntax tree: unknown names found before midnight.

The tree gives lines; the column is found by looking for the name on its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine import suggest
from engine.checks.guards import Mention, mentions
from engine.checks.template_values import unlisted
from engine.jinja_faults import slip
from engine.template_faults import FILTERS

#: among the fields of ``person``: its attributes cannot be known, so any will do
ANY_ATTRIBUTE = "attributes.*"
#: of one text; who has more has one kind of them
MAX_MISTAKES = 50

_ENVIRONMENT = ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols"])
#: what Jinja itself gives; ``engine.templates`` gives none of its global functions
_GLOBALS = frozenset({"loop"})
_FOREIGN = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names a template may use. None under ``roots``: any attribute (``trigger`` has what the event has)."""

    roots: Mapping[str, Collection[str] | None]
    #: roots that exist, but not for this use, and why
    withheld: Mapping[str, tuple[str, str]]  # name -> (code, message)
    #: every value of a person's field, where there is a list of them
    values: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a template: ``line`` counts from the start of the text, ``word`` is pointed at, and
    ``instead`` is what safely stands in its place."""

    line: int
    word: str
    code: str
    message: str
    mend: str = ""
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says wrong, and the dotted names it uses (``person.closed_at``, ``trigger.feature``)."""

    mistakes: tuple[Mistake, ...]
    used: frozenset[str]

    @property
    def readable(self) -> bool:
        """False when something cannot be read, and so it is not known what the text was meant to use."""
        return not any(mistake.code in ("RK601", "RK602") for mistake in self.mistakes)


def read(text: str, vocabulary: Vocabulary) -> Reading:
    """Walk one template text. Never raises for what it holds."""
    try:
        walk = _Walk(_ENVIRONMENT.parse(text), text, vocabulary)
        used = frozenset(".".join(mention.path) for mention in walk.mentions)
        return Reading(tuple(islice(walk.mistakes(), MAX_MISTAKES)), used)
    except TemplateSyntaxError as error:
        found = slip(error, text)
        return Reading((Mistake(found.line, found.word, "RK601", found.message, found.mend),), frozenset())
    except RecursionError:
        return Reading((Mistake(1, "", "RK601", "the template is nested too deep"),), frozenset())
    except ValueError:  # a number of thousands of digits
        return Reading(
            (Mistake(1, "", "RK601", "the template holds a number that cannot be read"),), frozenset()
        )


class _Walk:
    def __init__(self, tree: nodes.Template, text: str, vocabulary: Vocabulary) -> None:
        self._tree = tree
        self._text = text
        self._vocabulary = vocabulary
        #: names the template itself sets
        self._own = {n.name for n in tree.find_all(nodes.Name) if n.ctx in ("store", "param")}
        self._own |= {macro.name for macro in tree.find_all(nodes.Macro)}
        self.mentions = list(mentions(tree))

    def mistakes(self) -> Iterator[Mistake]:
        for node in self._tree.find_all(_FOREIGN):
            yield Mistake(
                node.lineno, "", "RK605", "a template cannot draw in another file", "write the text here"
            )
        yield from self._unknown(nodes.Filter, {*_ENVIRONMENT.filters, *FILTERS}, "filter")
        yield from self._unknown(nodes.Test, _ENVIRONMENT.tests, "test")
        for mention in self.mentions:
            yield from self._name(mention)
        for line, word, message, mend in unlisted(self._tree, self._text, self._vocabulary.values):
            yield Mistake(line, word, "RK307", message, mend)

    def _unknown(
        self, kind: type[nodes.Filter | nodes.Test], known: Collection[str], what: str
    ) -> Iterator[Mistake]:
        for node in self._tree.find_all(kind):
            if node.name not in known:
                mend = suggest.mend(node.name, known, none="docs/language.md lists what a template may use")
                message, sure = f"unknown {what} '{node.name}'", suggest.sure(node.name, known)
                yield Mistake(node.lineno, node.name, "RK603", message, mend, sure)

    def _name(self, mention: Mention) -> Iterator[Mistake]:
        line, path = mention.line, mention.path
        root, dotted = path[0], ".".join(path)
        if root in self._own or root in _GLOBALS:
            return
        if root in self._vocabulary.withheld and not mention.guarded:
            yield Mistake(line, dotted, *self._vocabulary.withheld[root])
        elif root not in self._vocabulary.roots:
            mend = suggest.mend(root, self._vocabulary.roots.keys() - self._vocabulary.withheld.keys())
            person = self._vocabulary.roots.get("person") or ()
            if root in person:
                mend = f"write 'person.{root}'"
            yield Mistake(line, dotted, "RK602", f"unknown name '{root}'", mend, self._meant(path))
        elif len(path) > 1 or not mention.asked:
            yield from self._member(line, path, self._vocabulary.roots[root])

    def _member(self, line: int, path: tuple[str, ...], members: Collection[str] | None) -> Iterator[Mistake]:
        root, dotted = path[0], ".".join(path)
        if len(path) == 1:
            yield Mistake(line, root, "RK602", f"'{root}' alone is no text", f"name a part of it: '{root}.…'")
        elif members is not None:
            member = ".".join(path[1:3]) if path[1] == "attributes" else path[1]
            if member not in members and not (path[1] == "attributes" and ANY_ATTRIBUTE in members):
                close = suggest.nearest(member, members)
                few = suggest.mend(member, members)
                mend = f"did you mean '{root}.{close}'?" if close else few
                mend = "write 'links.<name>'" if dotted.startswith("brand.links") else mend
                yield Mistake(line, dotted, "RK602", f"unknown name '{dotted}'", mend, self._meant(path))

    def _meant(self, path: tuple[str, ...]) -> str | None:
        """The name that was surely meant; None where one of its parts is in doubt."""
        roots, person = self._vocabulary.roots, self._vocabulary.roots.get("person") or ()
        alone = path[1:] if path[0] == "person" else path
        for member in (alone[0], f"attributes.{alone[0]}") if len(alone) == 1 else ():
            if member in person:
                return f"person.{member}"
        if path[:2] == ("brand", "links") and path[2:]:
            return ".".join(path[1:])
        known = roots.keys() - self._vocabulary.withheld.keys()
        root, members = path[0] if path[0] in roots else suggest.sure(path[0], known), ".".join(path[1:])
        legal = roots[root] if root else None
        meant = members if legal is None or members in legal else suggest.sure(members, legal)
        return f"{root}.{meant}" if root and meant else None


def column_of(line: str, word: str) -> tuple[int, int]:
    """1-based column and exclusive end of a name on a line; of the line's text when it is not found there."""
    pattern = r"\s*\.\s*".join(re.escape(part) for part in word.split("."))
    found = (
        re.search(rf"(?<![\w.]){pattern}(?!\w)" if word[:1].isalnum() else re.escape(word), line)
        if word
        else None
    )
    if found is None and "." in word:
        found = re.search(rf"(?<![\w.]){re.escape(word.split('.')[0])}(?!\w)", line)
    if found:
        return found.start() + 1, found.end() + 1
    start = len(line) - len(line.lstrip())
    return start + 1, max(len(line.rstrip()), start + 1) + 1
