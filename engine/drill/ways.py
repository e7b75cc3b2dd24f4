"""Every way by which a no can come in from outside, channel by channel, as the environment declares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels.return_path import ReturnPath
from engine.bounces import take_mail
from engine.drill import calls
from engine.drill.calls import Line, Post
from engine.drill.cast import Extra
from engine.model import ChannelDef, Environment, Secret
from engine.settings import resolved

if TYPE_CHECKING:
    from engine.app import App

#: statuses by which a call that is not genuine is turned away
_TURNED_AWAY = (401, 403)


class Failed(Exception):
    """A way in that is not open, or lets in what it must not; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in. ``go`` makes the call, for one synthetic person, and raises Failed or ``calls.Unanswered``."""

    channel: str
    name: str
    #: what it goes through, for the table: a path, or a mailbox
    through: str
    go: Callable[[App, Line, Extra], None]


def ways(app: App) -> list[Way]:
    """The ways in of all channels that are declared, in the order of the channels."""
    channels = [app.environment.channels[name] for name in sorted(app.environment.channels)]
    return [*(way for declared in channels for way in _of(declared)), *_told(app.environment)]


def silent(app: App) -> list[str]:
    """Channels by which nobody can answer from outside: what is said on them a person writes down."""
    heard = {way.channel for way in ways(app)}
    return [name for name in sorted(app.environment.channels) if name not in heard]


def _of(declared: ChannelDef) -> Iterator[Way]:
    channel = declared.channel
    if channel == "email":
        yield Way(channel=channel, name="one-click unsubscribe", through="POST /u/…", go=_one_click)
    webhook = f"POST /webhooks/{channel}"
    match declared.adapter:
        case "twilio":
            yield Way(channel=channel, name="STOP", through=webhook, go=_stop)
        case "sendgrid":
            for name, kind in (("bounce", "bounce"), ("complaint", "spamreport")):
                yield Way(channel=channel, name=name, through=webhook, go=_sendgrid(kind))
        case "webhook":
            yield Way(channel=channel, name="unsubscribe receipt", through=webhook, go=_receipt)
        case "smtp" if "return_path" in declared.options:
            yield Way(channel=channel, name="bounce", through="bounce mailbox", go=_mail(calls.bounce_mail))
            yield Way(
                channel=channel, name="complaint", through="bounce mailbox", go=_mail(calls.complaint_mail)
            )


def _told(environment: Environment) -> Iterator[Way]:
    """Systems of one's own that may tell of events; what they tell is a no to e-mail, where there is any."""
    if environment.http is None or not environment.channels:
        return
    channel = "email" if "email" in environment.channels else min(environment.channels)
    for name, secret in sorted(environment.http.events.items()):
        yield Way(
            channel=channel,
            name=f"event told by {name}",
            through=f"POST /events/{name}",
            go=_event(name, secret),
        )


def _event(name: str, secret: Secret) -> Callable[[App, Line, Extra], None]:
    def go(app: App, line: Line, extra: Extra) -> None:
        _signed(line, calls.event_by(name, str(resolved(secret)), extra, app.clock.now()))

    return go


def _one_click(app: App, line: Line, extra: Extra) -> None:
    call = calls.one_click(app.signer.sign(extra.ref))
    _links_lead_here(app, line)
    if (status := line.get(call.path)) != 200:
        raise Failed(f"its page answers {status}")
    _accepted(line.post(call))


def _links_lead_here(app: App, line: Line) -> None:
    base = app.project.brand.unsubscribe_url
    if app.environment.sends and base.rstrip("/") != f"{line.public_url}/u":
        raise Failed(
            f"messages link to {base}, and the page is at {line.public_url}/u (brand: unsubscribe_url)"
        )


def _stop(app: App, line: Line, extra: Extra) -> None:
    options = app.environment.channels[extra.channel].options
    token = _option(options, "auth_token")
    to = str(resolved(options["from"])) if "from" in options else "+13125550100"
    _signed(line, calls.stop_by_twilio(line.public_url, token, extra, to))


def _sendgrid(kind: str) -> Callable[[App, Line, Extra], None]:
    def go(app: App, line: Line, extra: Extra) -> None:
        _option(app.environment.channels[extra.channel].options, "webhook_key")
        key = calls.drill_key(app.ref_key)
        _signed(line, calls.event_by_sendgrid(key, extra, kind, app.clock.now()))

    return go


def _receipt(app: App, line: Line, extra: Extra) -> None:
    options = app.environment.channels[extra.channel].options
    secrets = _option(options, "receipts_secret")
    _signed(line, calls.receipt_by_webhook(secrets, extra, app.clock.now()))


def _mail(made: Callable[[str, Extra], bytes]) -> Callable[[App, Line, Extra], None]:
    def go(app: App, line: Line, extra: Extra) -> None:
        address = str(resolved(app.environment.channels[extra.channel].options["return_path"]))
        take_mail(app, made(ReturnPath(address, app.return_marks.sign).of(extra.ref), extra))

    return go


def _option(options: Mapping[str, str | int | bool | Secret], name: str) -> str:
    if name not in options:
        raise Failed(f"option '{name}' is not declared, so that no call can be judged genuine")
    return str(resolved(options[name]))


def _signed(line: Line, call: Post) -> None:
    """A forged call has to be turned away before the genuine one is taken."""
    status = line.post(calls.forged(call))
    if 200 <= status < 300:
        raise Failed("a call with a false signature was taken")
    if status not in _TURNED_AWAY:
        raise Failed(f"the door answers {status}")
    _accepted(line.post(call))


def _accepted(status: int) -> None:
    if not 200 <= status < 300:
        raise Failed(f"it was answered {status}")
