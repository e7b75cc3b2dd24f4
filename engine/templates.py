"""Jinja2 as messages need it: sandboxed, strict about what is not there, compiled once.

A value that is missing is false and cannot be printed, so ``{{ person.first_name or "there" }}`` and
``{% if person.quote %}`` work, and "None" never stands in a message. What a person or an event brings is
printed as plain words: it cannot become markup, a link, or a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from babel import Locale
from jinja2 import (
    StrictUndefined,
    Template,
    Undefined,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine import links, wording

#: groups whose values come from the project's own files; every other value is somebody else's words
_OURS = frozenset({"brand", "links", "offer", "owner", "preferences", "unsubscribe"})

#: filters whose result is ours, whatever they are given
_SAFE = frozenset({"link", "picture", "date", "money", "ago"})


class Missing(UndefinedError):
    """A template printed a value that is not there. ``name`` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing")
        self.name = name


class Absent(Undefined):
    """A value that is known and missing: false in a condition, an error when printed or reckoned with."""

    __slots__ = ()

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise Missing(self._undefined_name or "a value")

    _fail_with_undefined_error = _refuse
    __str__ = __html__ = __format__ = __len__ = __iter__ = __int__ = __float__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = _refuse
    __mul__ = __rmul__ = __mod__ = __rmod__ = __truediv__ = __rtruediv__ = _refuse
    __floordiv__ = __rfloordiv__ = __neg__ = __pos__ = __call__ = __getitem__ = _refuse


class Names:
    """A group of names a template may use. ``known``: all that may be asked for; None: whatever is asked for
    is missing rather than wrong, because the data of an event differs from event to event.

    True in a condition where it holds anything, and never printed itself."""

    __slots__ = ("group", "known", "values")

    def __init__(self, group: str, values: Mapping[str, Any], known: Mapping[str, Any] | None) -> None:
        self.group, self.values, self.known = group, values, known

    def __bool__(self) -> bool:
        return bool(self.values)

    def __str__(self) -> str:
        raise UndefinedError(f"'{self.group}' alone is no text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How values are told to one person. ``zone``: IANA name, None: UTC."""

    now: int
    zone: str | None
    locale: Locale
    currency: str


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with ``Names`` in front of Python's own attributes."""

    intercepted_binops = frozenset({"*", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        kind = type(obj)
        if kind is Names:
            value = obj.values.get(attribute)
            return self._missing(obj, attribute) if value is None else value
        if kind is dict:
            value = obj.get(attribute)
            return Absent(name=attribute) if value is None else value
        return obj if kind is Absent else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is Names or (type(obj) is dict and isinstance(argument, str)):
            return self.getattr(obj, str(argument))
        if type(argument) is Absent:
            str(argument)  # raises, and names what is missing
        return super().getitem(obj, argument)

    def _missing(self, names: Names, attribute: str) -> Undefined:
        name = f"{names.group}.{attribute}"
        if names.known is None or attribute in names.known:
            return Absent(name=name)
        return self.undefined(f"there is no name {name}", name=name)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Numbers multiply; text does not, or one template could fill the memory."""
        if operator == "**" or isinstance(left, str | list) or isinstance(right, str | list):
            raise SecurityError(f"a template cannot use {operator} on these values")
        return super().call_binop(context, operator, left, right)


def environment(*, html: bool, unlink: str = "\u200c") -> Environment:
    """An environment for the HTML part, or for plain text.

    ``unlink`` is put into what reads as a web address in other people's words (a sign nobody sees; for text
    messages a blank, because that sign would double their price).
    """
    env = Environment(
        autoescape=html,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        cache_size=0,
        extensions=["jinja2.ext.loopcontrols"],
    )
    env.filters |= {"date": _date, "money": _money, "ago": _ago, "link": links.link, "picture": links.picture}
    env.filters |= {"url_part": links.url_part, "address_part": links.address_part}
    env.filters["plain"] = partial(plain, unlink=unlink)
    env.tests["none"] = lambda value: value is None or isinstance(value, Absent)
    return env


def compiled(env: Environment, source: str) -> Template:
    """``source`` as a template in which other people's words stay words."""
    tree = env.parse(source)
    for output in list(tree.find_all(nodes.Output)):
        output.nodes = [_worded(node) for node in output.nodes]
    return Template.from_code(env, env.compile(tree), {})


def _worded(node: nodes.Expr) -> nodes.Expr:
    """The expression, made plain where it can hold other people's words."""
    if isinstance(node, nodes.TemplateData) or (isinstance(node, nodes.Const) and node.value is not None):
        return node
    if isinstance(node, nodes.Filter) and node.name in _SAFE:
        return node
    names = {name.name for name in _names(node)}
    if names and names <= _OURS:
        return node
    return nodes.Filter(node, "plain", [], [], None, None, lineno=node.lineno)


def _names(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        yield node
    yield from node.find_all(nodes.Name)


def _whole(value: Any) -> int:
    if isinstance(value, Undefined):
        str(value)  # raises, and names what is missing
    if isinstance(value, bool) or not isinstance(value, int):
        raise UndefinedError("a filter was given something that is neither an instant nor an amount")
    return value


@pass_context
def _date(context: Context, value: Any) -> str:
    voice: Voice = context["voice"]
    return wording.date(_whole(value), voice.zone, voice.locale)


@pass_context
def _money(context: Context, value: Any) -> str:
    voice: Voice = context["voice"]
    return wording.money(_whole(value), voice.currency, voice.locale)


@pass_context
def _ago(context: Context, value: Any) -> str:
    voice: Voice = context["voice"]
    return wording.ago(_whole(value), voice.now, voice.locale)


#: signs nobody sees, which can hide words or turn their direction
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_MAILBOX = re.compile(r"[(<]*[\w.+'-]+@[\w-]+(?:\.[\w-]+)+[)>.,;:!?]*")
_WEB = re.compile(r"(?i)://|\bwww\.|\w\.[^\W\d_]{2}")
_DOT = re.compile(r"[.:](?=\S)")


def plain(value: Any, unlink: str) -> Any:
    """Other people's words on one line, without anything a mail program would make a link to a site.

    Raises Missing for None.
    """
    if type(value) is not str:
        if value is None:
            raise Missing("the value of an expression")
        return value
    if not value.isprintable():
        value = " ".join(_UNSEEN.sub("", value).split())
    if ("." in value or ":" in value) and _WEB.search(value):
        value = " ".join(_unlinked(word, unlink) for word in value.split(" "))
    return value


def _unlinked(word: str, unlink: str) -> str:
    if not _WEB.search(word) or _MAILBOX.fullmatch(word):
        return word
    return _DOT.sub(lambda dot: dot[0] + unlink, word)
