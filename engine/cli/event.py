"""``rekindle event``: something happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.params import Instant, echo_json, format_option


class _Pair(click.ParamType[Any]):
    """``key=value``; numbers, true and false are what they look like, all else is text."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        key, equals, text = str(value).partition("=")
        if not key or not equals:
            self.fail(f"'{value}' is not key=value", param, ctx)
        return key, _typed(text)


def _typed(text: str) -> Any:
    import orjson

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return found if isinstance(found, int | float) else text


@click.command("event")
@click.argument("name")
@click.option("--person", metavar="WHO", help="Identity number, e-mail, phone, or key of a source.")
@click.option("--everyone", is_flag=True, help="For all whose campaign waits for it.")
@click.option("--at", type=Instant(), metavar="MOMENT", help="When it happened; now unless said.")
@click.option("--data", "pairs", type=_Pair(), multiple=True, help="A fact about it; may be repeated.")
@click.option("--text", help="What they wrote, for 'replied'.")
@click.option("--key", help="Its name for ever: the same key is recorded once.")
@format_option
@click.pass_obj
def command(
    obj: CliContext, name: str, person: str | None, everyone: bool, at: int | None,
    pairs: tuple[tuple[str, Any], ...], text: str | None, key: str | None, format: str,
) -> None:  # fmt: skip
    """Record that NAME happened, to one person or for everyone who waits for it.

    A refusing reply, an opt-out, a complaint and a hard bounce suppress at once. A running daemon looks at
    the enrolments that listen at its next turn.
    """
    from engine.explain import find_person
    from engine.tell import heard, tell_everyone, tell_one

    if (person is None) is not everyone:
        raise click.UsageError("Say whom it happened to: --person WHO, or --everyone.")
    data = {**dict(pairs), **({"text": text} if text is not None else {})}
    with obj.open(tolerant=True) as app:
        identity = None if person is None else find_person(app, person)
        if identity is None:
            count = tell_everyone(app, name, at, data, key)
        else:
            count = tell_one(app, identity, name, at, data, key)
        what = heard(app, name, data)
    if format == "json":
        echo_json({"format_version": 1, "event": name, "people": count, **what})
        return
    click.echo("; ".join(_told(name, identity, count, what)))


def _told(name: str, identity: int | None, count: int, what: Mapping[str, Any]) -> Iterator[str]:
    """What became of it, in words."""
    if identity is None:
        recorded = f"{name} is recorded for {count:,} people"
        yield recorded if count else f"nobody waits for {name}, or it was recorded before"
    elif not count:
        yield f"{name} was recorded before"
    else:
        yield f"{name} is recorded" + (f": {_READ[what['meaning']]}" if what["meaning"] else "")
        yield from _followed(what, identity)
    if not what["listens"]:
        hint = f" ({what['hint']})" if what["hint"] else ""
        yield f"nothing listens for it{hint}"


def _followed(what: Mapping[str, Any], identity: int) -> Iterator[str]:
    if what["suppressed"]:
        channels = what["suppressed"]
        yield f"suppressed on {'every channel' if channels == ['all'] else ' and '.join(channels)}"
    if what["bad_address"]:
        yield "the address is suppressed"
    if what["holds"]:
        yield f"held until somebody closes the note (rekindle people close-note {identity} {what['note']})"


#: meaning of a reply -> how it was taken
_READ = {
    "refusal": "read as a refusal",
    "wrong_person": "read as: this is somebody else",
    "legal": "read as a legal complaint",
    "auto": "read as an automatic reply: nobody has answered, and nothing moves (auto_replied)",
    "help": "read as asking who we are",
    "opt_in": "read as the word to come back",
    "ambiguous": "could not be read for sure",
    "none": "no refusal",
}
