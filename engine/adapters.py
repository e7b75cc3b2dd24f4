"""The environment's adapters: built from what is declared, and following it when the files change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from channels.base import Adapter
from channels.options import OptionError
from channels.registry import Host, UnknownAdapter, adapter_class, build
from engine import settings
from engine.errors import ConfigurationError
from engine.model import ChannelDef, HttpDef


def build_adapter(declared: ChannelDef, host: Host) -> Adapter:
    """The adapter of a channel, secrets and all. ``host.webhook`` is that of all channels here: each has its own
    behind it. Raises ConfigurationError."""
    host = replace(host, webhook=host.webhook and f"{host.webhook}/{declared.channel}")
    options = {k: settings.resolved(v) for k, v in declared.options.items()}
    try:
        return build(declared.adapter, options, host)
    except (OptionError, UnknownAdapter) as error:
        raise ConfigurationError(f"{declared.source}: channel {declared.channel}: {error}") from None


def webhooks(http: HttpDef | None) -> str:
    """Where providers may call, by channel: ``https://go.acme.example/webhooks``; empty where nobody listens."""
    return f"{http.public_url}/webhooks" if http else ""


def by_hand(declared: Mapping[str, ChannelDef]) -> list[str]:
    """The channels whose messages are tasks for a human."""
    return [name for name, channel in declared.items() if _is_human(channel.adapter)]


def _is_human(adapter: str) -> bool:
    try:
        capabilities = getattr(adapter_class(adapter), "capabilities", None)
    except (UnknownAdapter, ImportError):  # what it carries fails where it is built, and is said there
        return False
    return bool(capabilities and capabilities.human)


class Following:
    """Keeps a worker's adapters in step with what is declared."""

    def __init__(self, channels: dict[str, Adapter], host: Callable[[], Host], log: Any) -> None:
        self._channels, self._host, self._log = channels, host, log
        #: what each adapter in use was declared as
        self._declared: dict[str, ChannelDef] = {}

    def begin(self, wanted: Mapping[str, ChannelDef]) -> None:
        """Build what is not there yet. Raises ConfigurationError."""
        for name, declared in wanted.items():
            if name not in self._channels:
                self._channels[name] = build_adapter(declared, self._host())
            self._declared.setdefault(name, declared)

    def follow(self, wanted: Mapping[str, ChannelDef]) -> None:
        """Build again what is declared differently now and close what is declared no more. An adapter that cannot
        be built leaves the one before it at work, and is tried again with the next change."""
        for name in self._declared.keys() - wanted.keys():
            del self._declared[name]
            self._close(name, self._channels.pop(name, None))
        for name, declared in wanted.items():
            before = self._declared.get(name)
            if before is not None and _same(before, declared):
                continue
            try:
                adapter = build_adapter(declared, self._host())
            except ConfigurationError as error:
                self._log.error("channel_not_built", channel=name, because=error.message)
                continue
            old, self._channels[name] = self._channels.get(name), adapter
            self._declared[name] = declared
            self._close(name, old)

    def _close(self, channel: str, adapter: Adapter | None) -> None:
        if adapter is None:
            return
        try:
            adapter.close()
        except Exception as error:  # an adapter of someone else's may raise anything
            self._log.error("channel_raised", channel=channel, error=type(error).__name__)


def _same(one: ChannelDef, other: ChannelDef) -> bool:
    """Equal but for where it stands in the file; the rate is the engine's own affair."""
    return (one.adapter, dict(one.options)) == (other.adapter, dict(other.options))
