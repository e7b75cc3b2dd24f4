"""Builds everything and holds it together: the only module that knows channels/ and state/ both."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from channels.base import Adapter
from channels.registry import Host
from engine import breaker, settings
from engine.adapters import Following, build_adapter, webhooks
from engine.audience import Audience
from engine.clock import Clock, SystemClock
from engine.compile import Loaded, load_project, pinned_files
from engine.drill import gate as drill_gate
from engine.errors import ConfigurationError, ProjectError, UnknownName
from engine.event_names import REFUSALS
from engine.gather import Scope
from engine.letter_desk import StoreLetterDesk
from engine.model import Campaign, Environment, Project
from engine.outcomes import ATTEMPTS, Settled
from engine.rates import Share
from engine.render import Renderer
from engine.retargeting import StoreListBook
from engine.taskbook import StoreTaskBook
from engine.tokens import ReturnMarks, Signer
from engine.validate import INCENTIVES, PROJECT, SEGMENTS, errors
from engine.versions import Versions
from state.queries import control
from state.store import Store
from state.worker import WorkerLock

#: signs links where no message reaches a real person; an environment that sends must name its own
_LOCAL_KEY = "local environments only"
#: of all channels together; an adapter says how many it can use
_MOST_THREADS = 64


class App:
    """One project in one environment: compiled files, open store, built channels, a clock.

    Use ``open_app``. Not for several threads at once: one worker does one thing at a time. What ``engine.intake.take``
    uses of it is safe for threads.
    """

    def __init__(
        self, loaded: Loaded, project: Project, environment: Environment, store: Store, clock: Clock
    ) -> None:
        self.loaded = loaded
        self.project = project
        self.environment = environment
        self.store = store
        self.clock = clock
        self.log: Any = structlog.get_logger("rekindle")
        key = settings.secret(environment.signing_key) if environment.signing_key else _LOCAL_KEY
        self.signer = Signer(key)
        self.ref_key = blake2b(key.encode(), digest_size=32, person=b"rekindle.ref").digest()
        self.return_marks = ReturnMarks(key)
        self.renderer = self._renderer_of(project, environment)
        self.audience = Audience(project)
        self.versions = Versions(Path(project.root))
        self.channels: dict[str, Adapter] = {}
        #: outcomes that are known and not yet committed (engine.dispatch)
        self.unsettled: list[Settled] = []
        #: seconds a turn may decide, and may send, before everything else has its turn; the daemon bounds them
        self.turn_seconds = math.inf
        #: shares of declared rates that are not accounted for yet (engine.rates)
        self.shares: list[Share] = []
        #: seconds a turn may wait for a rate; the daemon sets it
        self.patience = 0.0
        #: doubt -> instant from which its channel may be asked again
        self.doubts_asked: dict[str, int] = {}
        #: seconds: how old what is known about a person may be when a message to them goes (engine.dispatch)
        self.look_age = 0.1
        self.monotonic = time.monotonic
        #: set when the process was told to stop: loops end with the batch they are at
        self.stopping = False
        self._lock: WorkerLock | None = None
        self._scope: Scope | None = None
        self._following = Following(self.channels, self._host, self.log)
        self._stamp = file_stamp(Path(project.root))
        self._threads: ThreadPoolExecutor | None = None

    # ── campaigns ──

    def publish(self) -> None:
        """Record the current campaign versions, so that whoever enters one can finish it."""
        self.go_on_without_files()
        self._record(self.project, self.loaded)

    def _record(self, project: Project, loaded: Loaded) -> None:
        sound = [c for c in project.campaigns.values() if c.id not in loaded.campaigns_broken]
        files = {c.id: pinned_files(loaded.files, c) for c in sound}
        with self.store.begin() as conn:
            self.versions.record(conn, sound, files, self.clock.now())
        self.versions.keep(project.campaigns.values())
        self._scope = None

    def go_on_without_files(self) -> None:
        """Let campaigns whose files are broken go on as they last ran, by the store."""
        project = self._completed(self.project, self.loaded.campaigns_broken)
        if project is not self.project:
            self._swap(self.loaded, project)

    def _completed(self, project: Project, broken: Collection[str]) -> Project:
        """The project with its broken campaigns as they run now, else as they ran last. One that never ran is
        left out."""
        missing = [c for c in broken if c not in project.campaigns]
        if not missing:
            return project
        with self.store.read() as conn:
            found = {c: self.project.campaigns.get(c) or self.versions.newest(conn, c) for c in missing}
        return _with_campaigns(project, {c: campaign for c, campaign in found.items() if campaign is not None})

    def reload(self) -> bool:
        """Read the project's files again if they were written to, and forget versions nobody is on any more. A
        file that is broken leaves what ran before it running. Returns True when something changed."""
        changed = self._read_again()
        if self.versions.refresh(self.store):
            self._scope = None
        return changed

    def _read_again(self) -> bool:
        root = Path(self.project.root)
        stamp = file_stamp(root)
        if stamp == self._stamp:
            return False
        loaded = load_project(root, tolerant=True)
        if loaded.project is None:
            self.log.error("project_broken", because=_why_none(loaded))
        elif loaded.files != self.loaded.files:
            project = self._completed(loaded.project, loaded.campaigns_broken)
            self._record(project, loaded)
            # only now: nobody enters a version that is not on record
            self._swap(loaded, project)
            if self._lock is not None:
                self._following.follow(self.environment.channels)
            for campaign, findings in loaded.campaigns_broken.items():
                at = f"{findings[0].file}:{findings[0].line}"
                self.log.error("campaign_broken", campaign=campaign, at=at)
            self._stamp = stamp
            return True
        self._stamp = stamp
        return False

    def _swap(self, loaded: Loaded, project: Project) -> None:
        """From here on this is the project."""
        environment = project.environments.get(self.environment.name, self.environment)
        renderer, audience = self._renderer_of(project, environment), Audience(project)
        self.loaded, self.project, self.renderer, self.audience = loaded, project, renderer, audience
        self.environment = environment
        self._scope = None

    def _renderer_of(self, project: Project, environment: Environment) -> Renderer:
        pages = environment.http
        return Renderer(project, self.signer, preferences_url=f"{pages.public_url}/p" if pages else "")

    def running(self, conn: Connection) -> list[str]:
        """Ids of the campaigns that run: in the project, not paused, and drilled for where messages go out."""
        still = control.like(conn, "pause:").keys() | self.closed(conn).keys()
        return [c for c in self.project.campaigns if c not in still]

    def closed(self, conn: Connection) -> dict[str, list[str]]:
        """Campaigns that wait for the drill to pass here, each with the channels that it waits for."""
        return drill_gate.closed(conn, self)

    def priority(self, campaign: str) -> int:
        """The campaign's priority as the project has it now."""
        found = self.project.campaigns.get(campaign)
        return found.priority if found else 0

    def scope(self, conn: Connection, versions: Collection[tuple[str, str]] = ()) -> Scope:
        """What facts the campaigns that may run can ask for, these (campaign, version) pairs among them: another
        worker may have published one after this one had looked."""
        new = [version for version in versions if not self.versions.knows(*version)]
        for version in new:
            self.versions.of(conn, *version)
        if self._scope is None:
            self.versions.load_live(conn)
        if self._scope is None or new:
            campaigns: list[Campaign] = [*self.project.campaigns.values(), *self.versions.at_hand()]
            self._scope = Scope.of(self.project, campaigns)
        return self._scope

    def campaign(self, name: str) -> Campaign:
        """A campaign by id. Raises UnknownName."""
        try:
            return self.project.campaigns[name]
        except KeyError:
            known = ", ".join(sorted(self.project.campaigns))
            raise UnknownName(f"there is no campaign '{name}'", hint=f"There are: {known}") from None

    def listeners(self) -> dict[str, set[str]]:
        """Event name -> campaigns that it can move, in the versions that people are on too; refusals and closed
        reviews move every one."""
        project = self.project  # as it is now: another thread may read the files again
        heard = {name: set(project.campaigns) for name in (*REFUSALS, "task_closed")}
        for campaign in (*project.campaigns.values(), *self.versions.at_hand()):
            for name in campaign.listens_to | project.policy.won_back:
                heard.setdefault(name, set()).add(campaign.id)
        return heard

    # ── being a worker ──

    def start_work(self) -> None:
        """Become a live worker: build the channels, publish the campaigns. Raises when another one works on
        this SQLite database."""
        if self._lock is None:
            self._lock = WorkerLock.acquire(self.store)
        self.build_channels()
        self.publish()
        self.versions.refresh(self.store)  # an event may come in before the first refresh

    def build_channels(self) -> None:
        """Build the environment's adapters. Raises ConfigurationError."""
        self._following.begin(self.environment.channels)

    def follow_channels(self) -> None:
        """Keep the channels in step with what is declared now."""
        self._following.follow(self.environment.channels)

    def adapter(self, channel: str) -> Adapter:
        """The adapter of one channel, built for its own sake where this is no worker. Raises ConfigurationError."""
        declared = self.environment.channels.get(channel)
        if declared is None:
            raise ConfigurationError(f"environment '{self.environment.name}' has no adapter for {channel}",
                                     hint=f"Declare it in rekindle.yaml, under channels: {channel}")  # fmt: skip
        if channel not in self.channels:
            self.channels[channel] = build_adapter(declared, self._host())
        return self.channels[channel]

    def _host(self) -> Host:
        tasks = StoreTaskBook(self.store, self.clock)
        lists = StoreListBook(self.store, self.clock)
        letters = StoreLetterDesk(self.store, self.clock)
        root, mark = Path(self.project.root), self.return_marks.sign
        return Host(
            root=root, now=self.clock.now, tasks=tasks, lists=lists, letters=letters, mark_ref=mark,
            sender=self.project.brand.from_email, webhook=webhooks(self.environment.http),
        )  # fmt: skip

    def moment(self, now: int) -> int:
        """``now``, or the clock's own time where that has moved on: a long turn does not live in the past."""
        return max(now, self.clock.now())

    @property
    def real_time(self) -> bool:
        """False where somebody else moves the clock."""
        return isinstance(self.clock, SystemClock)

    def milliseconds(self, conn: Connection, now: int) -> int:
        """``now`` by the clock that all workers of this store agree on, and finer."""
        if not isinstance(self.clock, SystemClock):
            return now * 1000
        found = control.milliseconds(conn)
        return self.clock.milliseconds() if found is None else found

    def attempts(self, channel: str) -> int:
        """How often a message is tried on a channel."""
        declared = self.environment.channels.get(channel)
        return declared.attempts if declared else ATTEMPTS

    def parallel(self, channel: str) -> int:
        """How many of a channel's messages may be under way at a time. A virtual run takes one after the other."""
        adapter = self.channels.get(channel)
        return adapter.capabilities.parallel if adapter and self.real_time else 1

    @property
    def threads(self) -> ThreadPoolExecutor:
        """Threads for calls that are under way together, made when they are first needed."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="channel")
        return self._threads

    def at_once_channels(self, conn: Connection) -> frozenset[str]:
        """Channels whose touches may leave in the turn that decides them: they can look up what they accepted, no
        rate is declared for them, and they are well."""
        rated = {name for name, declared in self.environment.channels.items() if declared.rates}
        able = frozenset(n for n, a in self.channels.items() if a.capabilities.lookup and n not in rated)
        return able - breaker.resting(conn) if able else able

    def keep_alive(self) -> None:
        """Become a worker again, under a new name, where the lock was lost with its connection."""
        if self._lock is not None and not self._lock.held():
            self._lock.release()
            self._lock = WorkerLock.acquire(self.store)

    @property
    def worker_id(self) -> str:
        """The name this process's receipts carry."""
        return self._lock.worker_id if self._lock else "none"

    def is_orphan(self, worker: str | None) -> bool:
        """True for a receipt whose worker is gone. Our own count too: we are not sending while we ask."""
        if worker is None or worker == self.worker_id or self._lock is None:
            return True
        return self._lock.is_dead(worker)

    def close(self) -> None:
        """Release channels, the worker's lock and the store. May be called twice."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        for adapter in self.channels.values():
            adapter.close()
        self.channels.clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self.store.close()

    def __enter__(self) -> App:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def file_stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the project's files: equal while nobody has written to one."""
    found = (*root.glob("*.yaml"), *root.glob("templates/**/*.md"))
    stats = ((path, path.stat()) for path in sorted(found))
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)


def _with_campaigns(project: Project, more: dict[str, Campaign]) -> Project:
    if not more:
        return project
    every = sorted({**project.campaigns, **more}.values(), key=lambda c: (-c.priority, c.id))
    return replace(project, campaigns={c.id: c for c in every})


def open_app(project_dir: Path, env: str = "local", *, clock: Clock, tolerant: bool = False) -> App:
    """Compile the project, find the environment, open its store.

    ``tolerant``: sound campaigns run although others are broken (the daemon). Raises RekindleError and the
    store's errors.
    """
    loaded = load_project(project_dir, tolerant=tolerant)
    if tolerant and loaded.project is None:
        raise ProjectError(f"{_why_none(loaded)}; every campaign needs this file, so nothing runs until it is mended")
    project = loaded.require()
    environment = environment_of(project, env)
    app = App(loaded, project, environment, Store.open(database_url(project, environment)), clock)
    try:
        app.go_on_without_files()
    except BaseException:
        app.close()
        raise
    return app


def _why_none(loaded: Loaded) -> str:
    """What is wrong with a file that all campaigns share, where a tolerant reading gave no project."""
    wrong = errors(loaded.findings)
    first = next((f for f in wrong if f.file in (PROJECT, SEGMENTS, INCENTIVES)), wrong[0])
    return f"{first.file}:{first.line}: {first.message}"


def environment_of(project: Project, name: str) -> Environment:
    """The environment of that name. Raises UnknownName; one that sends needs its own signing key."""
    found = project.environments.get(name)
    if found is None:
        known = ", ".join(sorted(project.environments))
        raise UnknownName(f"there is no environment '{name}'", hint=f"There are: {known}")
    if found.sends and found.signing_key is None:
        raise ConfigurationError(
            f"environment '{name}' sends to real people and has no signing_key ({found.source})",
            hint="Add signing_key: {env: REKINDLE_SIGNING_KEY}: it signs the unsubscribe links",
        )
    return found


def database_url(project: Project, environment: Environment) -> str:
    """The store's URL; a relative SQLite path counts from the project's folder."""
    url = str(settings.resolved(environment.database))
    if not url.startswith("sqlite:"):
        return url
    database = make_url(url).database
    if not database or database == ":memory:" or Path(database).is_absolute():
        return url
    return f"sqlite:///{(Path(project.root) / database).absolute()}"
