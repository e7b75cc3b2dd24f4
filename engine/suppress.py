"""The single door to suppression. It only ever adds; nothing here lifts one."""

from __future__ import annotations

from sqlalchemy import Connection

from state.queries import suppress as queries


def suppress(
    conn: Connection, identity_id: int, channel: str, reason: str, now: int, *,
    source: str, note: str | None = None, address_only: bool = False,
) -> None:  # fmt: skip
    """Suppress an identity and the addresses it has now on ``channel``, or on ``all``, from ``now`` on.

    ``reason``: opt_out complaint hard_bounce do_not_contact erased. A refusal binds the person on every address
    and the address whoever has it (SUP-06, SUP-07); ``address_only`` binds the address alone, as a bounce
    does. In the caller's transaction, and idempotent: the first moment is the one that stays.
    """
    if not address_only:
        queries.put_identity(conn, identity_id, channel, reason, now, source, note)
    for address in queries.addresses(conn, identity_id, channel):
        queries.put_address(conn, address, channel, reason, now, source)
