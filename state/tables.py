"""The tables. Identity-led keys, append-only facts, instants as UTC epoch seconds.

Every column named ``*_at`` (and ``not_before``) holds whole seconds since the Unix epoch, in UTC, as a
64-bit integer: one representation, exact arithmetic and the same SQL on SQLite and PostgreSQL
(docs/decisions/0003). Money columns hold integer minor units. These classes are the shape; hot paths use
``Table`` objects and named statements, never ORM instances.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

#: SQLite only auto-numbers a column spelt INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def _instant(**kw: Any) -> Any:
    return Field(sa_type=BigInteger, **kw)


def _json(**kw: Any) -> Any:
    return Field(sa_type=JSON, **kw)


def _text(**kw: Any) -> Any:
    return Field(sa_type=Text, **kw)


class Person(SQLModel, table=True):
    """One identity: the merged, current picture of a human being, as the system of record tells it."""

    __tablename__ = "person"

    identity_id: int | None = Field(
        default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True)
    )
    created_at: int = _instant()
    updated_at: int = _instant()
    #: set when this identity was merged into another; such a row is never enrolled
    merged_into: int | None = Field(default=None, sa_type=BigInteger)
    #: set on erasure; the row keeps no personal data from then on
    deleted_at: int | None = _instant(default=None)

    email: str | None = _text(default=None)  # as given, for sending
    email_key: str | None = _text(default=None, index=True)  # normalised, for matching
    phone: str | None = _text(default=None, index=True)  # E.164
    first_name: str | None = _text(default=None)
    last_name: str | None = _text(default=None)
    title: str | None = _text(default=None)
    company: str | None = _text(default=None)
    company_domain: str | None = _text(default=None, index=True)
    linkedin: str | None = _text(default=None)
    language: str | None = _text(default=None)
    country: str | None = _text(default=None)  # ISO 3166-1 alpha-2
    region: str | None = _text(default=None)  # ISO 3166-2 subdivision without the country, e.g. FL
    timezone: str | None = _text(default=None)  # IANA name, as given; None: unknown

    # A2
    status_at_last_touch: str | None = _text(default=None)
    last_touch_channel: str | None = _text(default=None)
    last_touch_at: int | None = _instant(default=None)
    source: str | None = _text(default=None)
    do_not_contact_scope: str | None = _text(default=None)  # none | marketing | a channel | all

    # system-of-record fields the four core segments are cut from
    last_activity_at: int | None = _instant(default=None)
    meeting_at: int | None = _instant(default=None)
    meeting_status: str | None = _text(default=None)  # booked attended no_show cancelled ignored
    closed_at: int | None = _instant(default=None)
    loss_reason: str | None = _text(default=None)
    quote: int | None = Field(default=None, sa_type=BigInteger)  # minor units
    churned_at: int | None = _instant(default=None)
    churn_reason: str | None = _text(default=None)
    usage_30d: int | None = Field(default=None, sa_type=BigInteger)
    lifetime_value: int | None = Field(default=None, sa_type=BigInteger)  # minor units
    purchases: int | None = Field(default=None, sa_type=BigInteger)
    last_purchase_at: int | None = _instant(default=None)
    product: str | None = _text(default=None)
    owner_name: str | None = _text(default=None)
    owner_email: str | None = _text(default=None)
    owner_phone: str | None = _text(default=None)

    #: declared extra fields; instants as epoch seconds, money as minor units
    attributes: dict[str, Any] = _json(default_factory=dict)


class Contact(SQLModel, table=True):
    """One row of one source, and the identity it belongs to."""

    __tablename__ = "contact"

    source: str = _text(primary_key=True)
    source_key: str = _text(primary_key=True)
    identity_id: int = Field(sa_type=BigInteger, index=True)
    email_key: str | None = _text(default=None)
    phone: str | None = _text(default=None, index=True)  # whoever replies from it is to be found
    company_domain: str | None = _text(default=None)
    row_hash: str = _text()  # of the mapped values: an unchanged row costs nothing
    first_seen_at: int = _instant()
    last_seen_at: int = _instant()


class Identifier(SQLModel, table=True):
    """What names an identity for sure: an e-mail key, or a phone together with a company domain."""

    __tablename__ = "identifier"

    kind: str = _text(primary_key=True)  # email | phone_domain
    value: str = _text(primary_key=True)
    identity_id: int = Field(sa_type=BigInteger, index=True)


class Consent(SQLModel, table=True):
    """A grant or a revocation. Append-only: the current consent is the newest row, revocation on a tie."""

    __tablename__ = "consent"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    channel: str = _text()
    #: express_written | express | soft_opt_in | implied | revoked
    type: str = _text()
    at: int = _instant()
    recorded_at: int = _instant()
    source: str = _text()
    proof_uri: str | None = _text(default=None)
    key: str = _text(unique=True)


class Suppression(SQLModel, table=True):
    """An identity that must not be written to, on one channel or on ``all``: a row for each who says so, since each is
    taken back by itself."""

    __tablename__ = "suppression"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    channel: str = _text(primary_key=True)
    reason: str = _text(primary_key=True)  # opt_out complaint hard_bounce erased do_not_contact
    at: int = _instant()
    source: str = _text(primary_key=True)
    note: str | None = _text(default=None)


class AddressSuppression(SQLModel, table=True):
    """An address that must not be written to, whoever it belongs to now or later."""

    __tablename__ = "address_suppression"

    address: str = _text(primary_key=True)  # e-mail key or E.164
    channel: str = _text(primary_key=True)
    reason: str = _text(primary_key=True)
    at: int = _instant()
    source: str = _text(primary_key=True)


class Note(SQLModel, table=True):
    """A relationship note: what keeps outreach from being tone-deaf."""

    __tablename__ = "note"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str = _text()  # escalation discount refusal ...
    opened_at: int = _instant()
    closed_at: int | None = _instant(default=None)
    text: str | None = _text(default=None)
    source: str = _text()
    key: str = _text(unique=True)


class Event(SQLModel, table=True):
    """Something a person did or that happened to them. Append-only, idempotent by (source, key)."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_event_person_name", "identity_id", "name", "at"),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    name: str = _text()
    at: int = _instant()
    received_at: int = _instant()
    source: str = _text()
    key: str = _text()
    data: dict[str, Any] = _json(default_factory=dict)


class CampaignVersion(SQLModel, table=True):
    """A campaign exactly as it was when people entered it: the files needed to compile it again."""

    __tablename__ = "campaign_version"

    campaign: str = _text(primary_key=True)
    version: str = _text(primary_key=True)  # content hash
    files: dict[str, Any] = _json()
    recorded_at: int = (
        _instant()
    )  # when it was last the current one for somebody: the newest is what ran last


class Enrolment(SQLModel, table=True):
    """A person on a pinned campaign version, with the moment it is next due."""

    __tablename__ = "enrolment"
    __table_args__ = (
        # led by the campaign: what is due in a paused or removed one is never walked over
        Index(
            "ix_enrolment_due",
            "campaign",
            "due_at",
            "identity_id",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        # tells in one look whether anybody is still on a version
        Index(
            "ix_enrolment_version",
            "campaign",
            "version",
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index(
            "ux_enrolment_live",
            "identity_id",
            "exclusivity_group",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    campaign: str = _text(primary_key=True)
    cycle: int = Field(primary_key=True)
    version: str = _text()
    exclusivity_group: str = _text()
    segment: str = _text()
    cohort: str | None = _text(default=None)
    track: str = _text(default="main")
    state: str = _text()  # waiting parked held ended
    reason: str | None = _text(default=None)
    step: str | None = _text(default=None)  # the next step; None: past the last
    entered_at: int = _instant()
    shift: int = Field(default=0, sa_type=BigInteger)  # seconds the timeline was moved by pauses
    resume_at: int | None = _instant(
        default=None
    )  # the timeline's own next moment; None: only an event wakes it
    due_at: int | None = _instant(
        default=None
    )  # when to look next: resume_at, or sooner when an event nudged it
    ended_at: int | None = _instant(default=None)
    trigger_event_id: int | None = Field(default=None, sa_type=BigInteger)


class Touch(SQLModel, table=True):
    """One step of one cycle that came due for one person: sent, or not, and why. The outbox."""

    __tablename__ = "touch"
    __table_args__ = (
        Index(
            "ix_touch_outbox",
            "not_before",
            "identity_id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_touch_open",
            "state",
            sqlite_where=text("state in ('dispatching','in_doubt')"),
            postgresql_where=text("state in ('dispatching','in_doubt')"),
        ),
        Index("ux_touch_ref", "ref", unique=True),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    campaign: str = _text(primary_key=True)
    cycle: int = Field(primary_key=True)
    step: str = _text(primary_key=True)
    ref: str = _text()  # the opaque name the outside world sees
    #: held queued dispatching in_doubt sent delivered bounced failed cancelled skipped
    state: str = _text()
    reason: str | None = _text(default=None)  # rule id when not sent
    channel: str = _text()
    template: str | None = _text(default=None)
    variant: str | None = _text(default=None)
    offer: str | None = _text(default=None)
    offer_expires_at: int | None = _instant(default=None)
    priority: int = Field(default=50)
    planned_at: int = _instant()
    expires_at: int = _instant()
    not_before: int = _instant()
    decided_at: int = _instant()
    #: the moment it counts at for caps, frozen when dispatched; None: counts for nothing
    counted_at: int | None = _instant(default=None)
    attempts: int = Field(default=0)
    worker: str | None = _text(default=None)
    provider_id: str | None = _text(default=None)
    finished_at: int | None = _instant(default=None)
    #: how often its channel has put it off; so many times, and it is given up
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class TouchMessage(SQLModel, table=True):
    """The rendered message of a touch, written with it and never changed."""

    __tablename__ = "message"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    campaign: str = _text(primary_key=True)
    cycle: int = Field(primary_key=True)
    step: str = _text(primary_key=True)
    payload: str = _text()  # JSON of channels.base.Message


class Decision(SQLModel, table=True):
    """The ledger. One row a decision, with its reasons; append-only."""

    __tablename__ = "decision"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    at: int = _instant()
    campaign: str = _text()
    cycle: int = Field()
    step: str | None = _text(default=None)
    #: decided: queue hold skip wait advance park end; on the way out: hold cancel; what became of it: sent failed
    #: retry doubt
    action: str = _text()
    rule: str | None = _text(default=None)
    version: str = _text()
    reasons: str = _text()  # JSON list of verdicts: rule, outcome, facts, file, line


class Task(SQLModel, table=True):
    """Work for a human: a LinkedIn note, a call, a review, a call-back."""

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "ix_task_open",
            "owner",
            "due_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    campaign: str = _text(primary_key=True)
    cycle: int = Field(primary_key=True)
    step: str = _text(primary_key=True)
    ref: str = _text(unique=True)
    kind: str = _text()  # linkedin phone review call_back ...
    owner: str = _text()
    title: str = _text()
    body: str = _text(default="")
    state: str = _text(default="open")  # open done declined
    disposition: str | None = _text(default=None)
    comment: str | None = _text(default=None)
    created_at: int = _instant()
    due_at: int = _instant()
    closed_at: int | None = _instant(default=None)
    #: what the reply came by that it is about; None: the kind says what it is for
    channel: str | None = _text(default=None)


class Received(SQLModel, table=True):
    """What came in from outside, as it came and as it was read. Idempotent by (source, key)."""

    __tablename__ = "received"
    __table_args__ = (
        UniqueConstraint("source", "key"),
        # what could not be placed yet: its touch or its person may still turn up
        Index(
            "ix_received_open",
            "received_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: int = Field(sa_type=BigInteger, primary_key=True)
    source: str = _text()  # channel:email, events:crm, pages, bounces
    key: str = _text()  # the other side's own name for it
    kind: str = _text()  # channels.events.EventKind, inbound, or the name of an event of the project's
    channel: str | None = _text(default=None)
    ref: str | None = _text(default=None)  # our touch, where it says so
    provider_id: str | None = _text(default=None)
    identity_id: int | None = Field(default=None, sa_type=BigInteger, index=True)
    at: int | None = _instant(default=None)  # when it happened, as the other side says
    received_at: int = _instant()
    machine: bool = Field(default=False)  # a program's doing: never branches, converts or unsubscribes
    state: str = _text()  # applied | open | ignored
    reason: str | None = _text(default=None)  # why it is open or ignored, or how it was placed
    said: str | None = _text(default=None)  # JSON of what was read of it, while it is open
    raw: str = _text()


class Preference(SQLModel, table=True):
    """What a person chose for themselves, short of saying no. What they do not want at all is a suppression."""

    __tablename__ = "preference"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    paused_until: int | None = _instant(default=None)
    at_most_every: int | None = Field(default=None, sa_type=BigInteger)  # seconds between two touches
    updated_at: int = _instant()
    source: str = _text()


class Notice(SQLModel, table=True):
    """An answer that is no marketing: that an opt-out was heard, or whom to ask. Sent at most once, never again."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "ix_notice_open",
            "created_at",
            sqlite_where=text("state in ('queued','dispatching')"),
            postgresql_where=text("state in ('queued','dispatching')"),
        ),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    id: int = Field(sa_type=BigInteger, primary_key=True)
    key: str = _text(unique=True)  # what it answers
    ref: str = _text(unique=True)
    kind: str = _text()  # opt_out | help | opt_in
    channel: str = _text()
    address: str = _text()
    state: str = _text()  # queued dispatching in_doubt sent failed expired
    reason: str | None = _text(default=None)
    worker: str | None = _text(default=None)
    provider_id: str | None = _text(default=None)
    created_at: int = _instant()
    not_after: int = _instant()
    finished_at: int | None = _instant(default=None)


class Letter(SQLModel, table=True):
    """A letter as a document: written, signed by a named person, sent on its way, and kept as evidence."""

    __tablename__ = "letter"

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    campaign: str = _text(primary_key=True)
    cycle: int = Field(primary_key=True)
    step: str = _text(primary_key=True)
    ref: str = _text(unique=True)  # of its touch
    signatory: str = _text()  # whose signature it waits for, or bears: a name
    state: str = _text()  # unsigned | signed | posted | delivered | refused
    document: bytes = Field(sa_type=LargeBinary)  # the PDF as it stands
    sha256: str = _text()  # of the document
    created_at: int = _instant()
    signed_at: int | None = _instant(default=None)
    signed_by: str | None = _text(default=None)
    carrier: str | None = _text(default=None)
    handed_at: int | None = _instant(default=None)  # to its carrier, by whoever has no answer yet
    tracking: str | None = _text(default=None)
    posted_at: int | None = _instant(default=None)
    delivered_at: int | None = _instant(default=None)
    proof_uri: str | None = _text(default=None)  # of the delivery


class AudienceMember(SQLModel, table=True):
    """Somebody on a retargeting list, or to be taken off it."""

    __tablename__ = "audience_member"
    __table_args__ = (
        # of whom the platform has not been told yet
        Index(
            "ix_audience_member_untold",
            "audience",
            sqlite_where=text("state in ('joining','leaving')"),
            postgresql_where=text("state in ('joining','leaving')"),
        ),
    )

    identity_id: int = Field(sa_type=BigInteger, primary_key=True)
    audience: str = _text(primary_key=True)
    ref: str = _text(unique=True)  # of the touch that put them there
    state: str = _text()  # joining | listed | leaving | left
    reason: str | None = _text(default=None)  # why they leave
    hashes: list[str] = _json(default_factory=list)  # as the list has them: SHA-256 of normalised addresses
    added_at: int = _instant()
    removed_at: int | None = _instant(default=None)


class Control(SQLModel, table=True):
    """Operator switches and worker signs of life: pauses, holds, last runs of jobs."""

    __tablename__ = "control"

    #: pause:<campaign> | hold | job:<name> | worker:<id> | rate:<channel or @group> | breaker:<channel>
    #: | drill:<environment>
    key: str = _text(primary_key=True)
    value: dict[str, Any] = _json(default_factory=dict)
    at: int = _instant()


class ImportRun(SQLModel, table=True):
    """What one import read, took and refused."""

    __tablename__ = "import_run"

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    source: str = _text()
    kind: str = _text()  # people | events
    started_at: int = _instant()
    finished_at: int | None = _instant(default=None)
    read: int = Field(default=0, sa_type=BigInteger)
    rejected: int = Field(default=0, sa_type=BigInteger)
    created: int = Field(default=0, sa_type=BigInteger)  # new identities
    updated: int = Field(default=0, sa_type=BigInteger)
    unchanged: int = Field(default=0, sa_type=BigInteger)
    merged: int = Field(default=0, sa_type=BigInteger)  # rows that joined an existing identity
    future: int = Field(default=0, sa_type=BigInteger)  # events dated after now: left for a later run
