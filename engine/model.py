"""The compiled project: immutable values, no YAML past here.

Instants are UTC epoch seconds (``int``), durations are seconds (``int``), money is integer minor units.
Times of day are minutes after local midnight (0..1440). Every declaration that can decide something
carries the ``Source`` it came from, so that a verdict can name its file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from engine.predicate import Predicate

DAY = 86_400
HOUR = 3_600

#: who signs a letter that its reader's own contact signs
OWNER = "owner"

#: what a person can be reached by
CHANNELS = ("email", "sms", "linkedin", "phone", "letter", "in_app", "push", "audience")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a project file, for people: path relative to the project, 1-based line and column."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


#: where rekindle's own built-in rules come from
BUILT_IN = Source("(built in)", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """A human being who signs letters, with their own telephone and mailbox."""

    name: str
    title: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Who is writing."""

    name: str
    legal_name: str
    postal_address: str
    website: str
    from_name: str
    from_email: str
    reply_to: str
    phone: str | None
    #: the signed token is appended to it
    unsubscribe_url: str
    #: named links for templates: ``{{ links.calendar_morning }}``
    links: Mapping[str, str]
    #: who signs letters
    signatories: Mapping[str, Signatory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """``{env: NAME}``: read at the moment of use, never stored."""

    env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most ``limit`` touches in any rolling window of ``per`` seconds."""

    limit: int
    per: int
    channel: str | None = None  # None: all channels together
    campaign: str | None = None  # None: all campaigns together
    source: Source = BUILT_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours (half-open, local minutes) and weekdays (Monday 0) in which something may happen.

    ``opens < closes`` always; ``quiet_hours: 21:00-08:00`` compiles to the window 08:00-21:00.
    """

    opens: int
    closes: int
    days: frozenset[int] = frozenset(range(7))
    source: Source = BUILT_IN


class ConsentLevel(StrEnum):
    """What a channel needs before it is used, weakest first."""

    LAWFUL_BASIS = "lawful_basis"  # what the recipient's jurisdiction asks for, no more
    IMPLIED = "implied"
    SOFT_OPT_IN = "soft_opt_in"
    EXPRESS = "express"
    EXPRESS_WRITTEN = "express_written"  # with proof


@dataclass(frozen=True, slots=True)
class Deadline:
    """So many days, or business days in the recipient's country, after the day a message leaves."""

    days: int
    business: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The project's promises. A campaign may tighten them, never loosen them."""

    consent: Mapping[str, ConsentLevel]  # by channel
    consent_source: Source = BUILT_IN
    caps: tuple[Cap, ...]
    #: when a person may be written to, by channel; every channel has one
    hours: Mapping[str, Window]
    #: default life of a step after its planned moment
    step_expiry: int
    #: a discount note younger than this blocks another discount
    discount_cooldown: int
    #: a STOP by text is confirmed, once, where the provider has not
    confirm_opt_out: bool = True
    #: events that mean the person is back, whatever the campaign's own goal
    won_back: frozenset[str]
    #: countries whose zones are possible when nothing tells where a person is
    markets: tuple[str, ...]
    #: the school grade in which messages shall be easy to read; None: not judged
    reading_grade: int | None = None
    #: in how many parts a text message may be carried
    text_parts: int = 2
    source: Source = BUILT_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDef:
    """One row of the routing table; the first that holds is the person's segment."""

    id: str
    where: Predicate
    description: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A declared incentive: what is promised, on what terms, until when."""

    id: str
    #: price_protection migration_concierge risk_reversal usage_credit bundle_add percent_off amount_off
    #: free_upgrade trial_extension stepped_pricing remedy
    kind: str
    title: str
    terms: str
    #: seconds from the touch that first names it
    valid_for: int
    limits: str | None = None
    percent: int | None = None  # basis points
    amount: int | None = None  # minor units
    currency: str | None = None
    of_contract: int | None = None  # a remedy: basis points of the annual value of the contract
    source: Source

    @property
    def is_discount(self) -> bool:
        """True for what lowers a price; such an offer respects a recent-discount note."""
        return self.kind in {"percent_off", "amount_off", "stepped_pricing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message body as written: front matter, and Markdown (or plain text) with Jinja2."""

    ref: str  # closed_lost/gap_closed
    file: str
    body: str
    body_line: int  # line of the file at which the body starts
    subject: str | None = None
    preheader: str | None = None
    #: other front matter, e.g. ``title`` of a task, ``media`` of an MMS
    extra: Mapping[str, str] = field(default_factory=dict)


class StepKind(StrEnum):
    """What a step does when it comes due."""

    SEND = "send"
    WAIT_FOR = "wait_for"
    CHOOSE = "choose"
    REVIEW = "review"
    START = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One way out of a ``choose`` step; ``when`` None is the ``else``."""

    when: Predicate | None
    go: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a cadence. ``at`` counts from entry."""

    id: str
    kind: StepKind
    at: int
    source: Source
    cohorts: frozenset[str] | None = None  # ``for``; None: every cohort
    only_if: Predicate | None = None
    unless: Predicate | None = None
    # SEND
    channel: str | None = None
    variants: tuple[tuple[str, str], ...] = ()  # (variant, template ref); one ("", ref) when not split
    offer: str | None = None
    respond_by: Deadline | None = None
    signed_by: str | None = None  # a letter: a name of Brand.signatories, or OWNER
    window: Window | None = None
    expires: int = 0  # seconds after the first moment it may leave; compiled from the step or the policy
    # WAIT_FOR and REVIEW
    event: str | None = None
    up_to: int = 0
    # CHOOSE
    branches: tuple[Branch, ...] = ()
    # REVIEW
    task: str | None = None  # what the reviewer is asked
    # START
    start: str | None = None  # campaign id


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """An ageing class. Either ``when`` holds, or it takes everyone left (None)."""

    id: str
    when: Predicate | None
    park_until: str | None  # event name: enrolled asleep, woken by that event
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """What ends an enrolment before its cadence does."""

    reason: str  # won_back handed_over opted_out completed withdrawn
    event: str | None = None
    where: Predicate | None = None
    task: str | None = None  # kind of task to open for the owner
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What follows the last step: ``park`` seconds and end, or ``repeat`` every so many seconds."""

    park: int = 0
    repeat: int | None = None
    source: Source = BUILT_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A timeline of steps: the campaign's own (``main``) or one a trigger starts."""

    id: str
    steps: tuple[Step, ...]
    event: str | None = None  # trigger tracks: the event that starts it
    #: trigger tracks: pairs (event data key, person field) that must be equal
    matching: tuple[tuple[str, str], ...] = ()
    source: Source

    def step(self, step_id: str | None) -> Step | None:
        """The step of that id, or None."""
        return next((s for s in self.steps if s.id == step_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the campaign is for: any of ``events`` within ``within`` seconds of entry."""

    events: tuple[str, ...]
    within: int
    expect: tuple[float, float] | None  # share, e.g. (0.03, 0.05)
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign file, compiled, with the templates and offers it uses."""

    id: str
    version: str  # content hash, 16 hex digits
    owner: str
    objective: str
    group: str  # exclusivity group
    priority: int  # higher wins a contested slot
    segment: str
    where: Predicate | None  # narrows the audience
    re_enter_after: int | None  # None: never again
    consent: Mapping[str, ConsentLevel]  # tightened, by channel
    caps: tuple[Cap, ...]
    cohorts: tuple[Cohort, ...]
    main: Track
    triggers: tuple[Track, ...]
    then: Then
    exits: tuple[Exit, ...]
    goal: Goal | None
    holdout: int  # basis points of people who get nothing, for comparison
    templates: Mapping[str, Template]
    offers: Mapping[str, Offer]
    source: Source

    def track(self, track_id: str) -> Track | None:
        """The main track or the trigger track of that id."""
        if track_id == self.main.id:
            return self.main
        return next((t for t in self.triggers if t.id == track_id), None)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of every track."""
        return tuple(step for track in (self.main, *self.triggers) for step in track.steps)

    @property
    def predicates(self) -> tuple[Predicate, ...]:
        """Everything that is asked about a person, in the order of the file."""
        asked = [self.where, *(c.when for c in self.cohorts), *(e.where for e in self.exits)]
        for step in self.steps:
            asked += [step.only_if, step.unless, *(b.when for b in step.branches)]
        return tuple(p for p in asked if p is not None)

    @property
    def listens_to(self) -> frozenset[str]:
        """Names of the events that can move an enrolment before it is due."""
        names = {e.event for e in self.exits if e.event} | {t.event for t in self.triggers if t.event}
        names |= {c.park_until for c in self.cohorts if c.park_until}
        names |= set(self.goal.events if self.goal else ())
        for track in (self.main, *self.triggers):
            names |= {s.event for s in track.steps if s.event}
        return frozenset(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMapping:
    """How a source's row states consent for one channel. Each value is a source column name or None."""

    channel: str
    type: str | None = None  # column holding the type ...
    type_value: str | None = None  # ... or the type every row of this source has
    at: str | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDef:
    """Where people or events come from. Exactly one of ``csv`` and ``sql`` is set."""

    id: str
    kind: str  # people | events
    csv: str | None = None  # path relative to the project; may end in .gz
    sql: str | Secret | None = None  # SQLAlchemy URL
    query: str | None = None
    key: str = "id"  # column that names a row for ever
    every: int = 3_600  # how often the daemon reads it
    #: person field -> source column; ``attributes.x`` for declared extras
    mapping: Mapping[str, str] = field(default_factory=dict)
    #: person field -> value every row has
    constants: Mapping[str, str] = field(default_factory=dict)
    consent: tuple[ConsentMapping, ...] = ()
    #: columns that hold a truthy opt-out, by channel (``all`` for every one)
    opted_out: Mapping[str, str] = field(default_factory=dict)
    #: note kind -> column holding the date (or truth) it was opened
    notes: Mapping[str, str] = field(default_factory=dict)
    #: events only: columns of the name, moment, person (e-mail, or source key) and extra data
    event_name: str | None = None
    event_at: str | None = None
    event_person: str | None = None
    event_data: Mapping[str, str] = field(default_factory=dict)
    #: strptime format of dates that are not ISO 8601
    date_format: str | None = None
    source: Source


class Rate(NamedTuple):
    """At most ``limit`` messages in any ``per`` seconds."""

    limit: int
    per: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A sender nobody knows yet begins slowly: with ``start``, and twice as fast after each ``double_every``."""

    start: Rate
    double_every: int  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDef:
    """Which adapter carries a channel in an environment, with its options as declared."""

    channel: str
    adapter: str
    options: Mapping[str, str | int | bool | Secret]
    rates: tuple[Rate, ...] = ()  # every one of them holds
    warm_up: WarmUp | None = None
    #: channels of one group share what their rate allows
    rate_group: str | None = None
    #: so often a message is tried before it is given up
    attempts: int = 10
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDef:
    """Where rekindle's own pages and webhooks are, for the world and on this machine."""

    public_url: str  # as the outside world reaches it, without a slash at the end
    host: str
    port: int
    #: addresses or networks whose X-Forwarded-* headers are believed
    proxies: tuple[str, ...]
    #: who may tell of events -> the secret their calls are signed with
    events: Mapping[str, Secret]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the store is and what carries messages. ``sends``: real people are reached."""

    name: str
    sends: bool
    database: str | Secret
    channels: Mapping[str, ChannelDef]
    signing_key: Secret | None
    source: Source
    #: None: no pages and no webhooks are declared
    http: HttpDef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything a project declares, compiled."""

    name: str
    root: str  # folder, absolute
    brand: Brand
    default_country: str
    currency: str
    attributes: Mapping[str, str]  # name -> field type
    customers: str = "businesses"  # or consumers
    #: every value of a field, where the project lists them
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: every event that sources report; None: not listed
    events: frozenset[str] | None = None
    sources: tuple[SourceDef, ...]
    policy: Policy
    environments: Mapping[str, Environment]
    segments: tuple[SegmentDef, ...]
    offers: Mapping[str, Offer]
    campaigns: Mapping[str, Campaign]  # by id, in priority order then id

    def segment_ids(self) -> tuple[str, ...]:
        """Names of the segments in routing order."""
        return tuple(s.id for s in self.segments)
