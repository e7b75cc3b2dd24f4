"""A predicate as SQL over the person table. Its meaning is that of ``engine.predicate``, for everyone at once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    String,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from engine.fields import FieldType
from engine.predicate import All, AnyOf, Compare, EventHappened, Leaf, Not, NoteExists, Op, Predicate
from state.tables import Consent, Event, Note, Person

PERSON = cast(Any, Person).__table__
_CONSENT = cast(Any, Consent).__table__
_EVENT = cast(Any, Event).__table__
_NOTE = cast(Any, Note).__table__

Sql = ColumnElement[bool]


class _Position(GenericFunction[int]):
    """Where a text stands in another, 1-based; letter for letter on both databases (LIKE is not)."""

    type = BigInteger()
    name = "rekindle_position"
    inherit_cache = True


@compiles(_Position)
def _position_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(_Position, "postgresql")
def _position_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


class _JsonType(GenericFunction[str]):
    """The type of a key of a JSON object, as the database calls it; NULL where the key is not there."""

    type = String()
    name = "rekindle_json_type"
    inherit_cache = True


@compiles(_JsonType)
def _json_type_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"""json_type({column}, '$."' || {key} || '"')"""


@compiles(_JsonType, "postgresql")
def _json_type_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, key = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"json_typeof({column} -> {key})"


def to_sql(predicate: Predicate, now: ColumnElement[int] | int) -> Sql:
    """A boolean SQL expression over the columns of ``person``.

    ``now`` is an instant, or a bind parameter, so that one statement serves every moment.
    """
    moment = literal(now, BigInteger) if isinstance(now, int) else now
    return _sql(predicate, moment)


def _sql(predicate: Predicate, now: ColumnElement[int]) -> Sql:
    match predicate:
        case All(of):
            return and_(true(), *(_sql(p, now) for p in of))
        case AnyOf(of):
            return or_(false(), *(_sql(p, now) for p in of))
        case Not(of):
            return not_(_sql(of, now))
        case _:
            return _leaf(predicate, now)


def _leaf(leaf: Leaf, now: ColumnElement[int]) -> Sql:
    match leaf:
        case Compare():
            return _compare(leaf, now)
        case EventHappened():
            return _event(leaf, now)
        case NoteExists():
            return _note(leaf, now)


def column(name: str, type_: FieldType, now: ColumnElement[int]) -> ColumnElement[Any]:
    """The SQL value of a person's field, NULL where it is missing."""
    group, _, key = name.partition(".")
    if not key:
        return cast(ColumnElement[Any], PERSON.c[name])
    if group == "consent":
        return _current_consent(key, now)
    value = PERSON.c.attributes[key]
    match type_:
        case FieldType.TEXT:
            typed = value.as_string()
        case FieldType.FLAG:
            typed = value.as_boolean()
        case FieldType.NUMBER | FieldType.MONEY | FieldType.INSTANT:
            typed = value.as_float()  # whole numbers are exact up to 2**53
    # an attribute can hold what an earlier declaration let in: a value of another type is as good as none
    fits = func.rekindle_json_type(PERSON.c.attributes, literal(key, String)).in_(_JSON_TYPES[type_])
    return case((fits, typed), else_=null())


#: what SQLite and PostgreSQL call the JSON types that a field's type is made of
_JSON_TYPES: dict[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: ("text", "string"),
    FieldType.FLAG: ("true", "false", "boolean"),
    **dict.fromkeys((FieldType.NUMBER, FieldType.MONEY, FieldType.INSTANT), ("integer", "real", "number")),
}


def _current_consent(channel: str, now: ColumnElement[int]) -> ColumnElement[Any]:
    c = _CONSENT.c
    return (
        select(c.type)
        .where(c.identity_id == PERSON.c.identity_id, c.channel == channel, c.at <= now)
        .order_by(c.at.desc(), (c.type == "revoked").desc(), c.id.desc())
        .limit(1)
        .correlate(PERSON)
        .scalar_subquery()
    )


def _compare(leaf: Compare, now: ColumnElement[int]) -> Sql:
    # one annotation here instead of a cast on every line: SQLAlchemy types these operators as Any
    col, want = column(leaf.field, leaf.type, now), leaf.value
    result: Sql
    match leaf.op:
        case Op.MISSING:
            result = col.is_(None)
        case Op.PRESENT:
            result = col.is_not(None)
        case Op.IN:
            result = col.in_([_bind(w, leaf.type) for w in want])
        case Op.NOT_IN:
            result = col.not_in([_bind(w, leaf.type) for w in want])
        case Op.CONTAINS:
            result = func.rekindle_position(col, literal(want, String)) > 0
        case Op.OLDER_THAN:
            result = col <= now - want
        case Op.NEWER_THAN:
            result = col > now - want
        case op:
            result = _ordered(op, col, _bind(want, leaf.type))
    return result


def _bind(value: Any, type_: FieldType) -> ColumnElement[Any]:
    if type_ is FieldType.NUMBER:
        return literal(value, Float) if isinstance(value, float) else literal(value, BigInteger)
    return literal(value)


_OPERATORS: dict[Op, Callable[[Any, Any], Any]] = {
    Op.EQUALS: operator.eq,
    Op.NOT_EQUALS: operator.ne,
    Op.AT_LEAST: operator.ge,
    Op.AFTER: operator.ge,
    Op.AT_MOST: operator.le,
    Op.MORE_THAN: operator.gt,
    Op.LESS_THAN: operator.lt,
    Op.BEFORE: operator.lt,
}


def _ordered(op: Op, left: ColumnElement[Any], right: Any) -> Sql:
    return cast(Sql, _OPERATORS[op](left, right))


def _event(leaf: EventHappened, now: ColumnElement[int]) -> Sql:
    e = _EVENT.c
    conditions = [e.identity_id == PERSON.c.identity_id, e.name == leaf.name, e.at <= now]
    if leaf.within is not None:
        conditions.append(e.at > now - leaf.within)
    if (leaf.op, leaf.times) == (Op.AT_LEAST, 1):
        return select(e.id).where(*conditions).correlate(PERSON).exists()
    count = select(func.count()).select_from(_EVENT).where(*conditions).correlate(PERSON).scalar_subquery()
    return _ordered(leaf.op, count, leaf.times)


def _note(leaf: NoteExists, now: ColumnElement[int]) -> Sql:
    n = _NOTE.c
    conditions = [n.identity_id == PERSON.c.identity_id, n.kind == leaf.kind, n.opened_at <= now]
    if leaf.within is not None:
        conditions.append(n.opened_at > now - leaf.within)
    if leaf.open is not None:
        is_open = or_(n.closed_at.is_(None), n.closed_at > now)
        conditions.append(is_open if leaf.open else not_(is_open))
    return select(n.id).where(*conditions).correlate(PERSON).exists()
