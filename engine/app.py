"""Builds everything and holds it together: the only module that knows channels/ and state/ both."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from channels.base import Adapter, Outcome
from channels.options import OptionError
from channels.registry import Host, UnknownAdapter, build
from engine import settings
from engine.audience import Audience
from engine.clock import Clock
from engine.compile import Loaded, load_project, pinned_files
from engine.decide import REFUSALS
from engine.dispatch import Receipt
from engine.errors import ConfigurationError, UnknownName
from engine.gather import Scope
from engine.model import Campaign, ChannelDef, Environment, Project
from engine.render import Renderer
from engine.taskbook import StoreTaskBook
from engine.tokens import Signer
from engine.versions import Versions
from state.queries import control
from state.store import Store
from state.worker import WorkerLock

#: signs links where no message reaches a real person; an environment that sends must name its own
_LOCAL_KEY = "local environments only"


class App:
    """One project in one environment: compiled files, open store, built channels, a clock.

    Use ``open_app``. Not for several threads at once: one worker does one thing at a time.
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
        self.renderer = Renderer(project, self.signer)
        self.audience = Audience(project)
        self.versions = Versions(Path(project.root))
        self.channels: dict[str, Adapter] = {}
        #: outcomes that are known and not yet committed (engine.dispatch)
        self.unsettled: list[tuple[Receipt, Outcome]] = []
        #: seconds: how old what is known about a person may be when a message to them goes (engine.dispatch)
        self.look_age = 0.1
        self.monotonic = time.monotonic
        #: set when the process was told to stop: loops end with the batch they are at
        self.stopping = False
        self._lock: WorkerLock | None = None
        self._scope: Scope | None = None
        self._stamp = file_stamp(Path(project.root))

    # ── campaigns ──

    def publish(self) -> None:
        """Record the current campaign versions, so that whoever enters one can finish it."""
        broken = self.loaded.campaigns_broken
        sound = [c for c in self.project.campaigns.values() if c.id not in broken]
        files = {c.id: pinned_files(self.loaded.files, c) for c in sound}
        with self.store.begin() as conn:
            self.versions.publish(conn, sound, files, self.clock.now())
        self._scope = None

    def reload(self) -> bool:
        """Read the project's files again if they were written to. A file that is broken leaves what ran before
        it running. Returns True when something changed."""
        root = Path(self.project.root)
        stamp = file_stamp(root)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        loaded = load_project(root, tolerant=True)
        if loaded.files == self.loaded.files:
            return False
        self.loaded = loaded
        for campaign, findings in loaded.campaigns_broken.items():
            self.log.error("campaign_broken", campaign=campaign, at=f"{findings[0].file}:{findings[0].line}")
        if loaded.project is None:
            first = loaded.findings[0]
            self.log.error("project_broken", at=f"{first.file}:{first.line}", because=first.message)
            return False
        kept = {c: self.project.campaigns[c] for c in loaded.campaigns_broken if c in self.project.campaigns}
        self.project = _with_campaigns(loaded.project, kept)
        self.environment = self.project.environments.get(self.environment.name, self.environment)
        self.renderer = Renderer(self.project, self.signer)
        self.audience = Audience(self.project)
        self.publish()
        return True

    def running(self, conn: Connection) -> list[str]:
        """Ids of the campaigns that run: in the project, and not paused."""
        paused = control.like(conn, "pause:")
        return [c for c in self.project.campaigns if c not in paused]

    def priority(self, campaign: str) -> int:
        """The campaign's priority as the project has it now."""
        found = self.project.campaigns.get(campaign)
        return found.priority if found else 0

    def scope(self, conn: Connection, versions: Collection[tuple[str, str]] = ()) -> Scope:
        """What facts the campaigns that may run can ask for, these (campaign, version) pairs among them: another
        worker may have published one after this one had looked."""
        if self._scope is None or not all(self.versions.knows(*version) for version in versions):
            campaigns: list[Campaign] = [*self.project.campaigns.values(), *self.versions.load_live(conn)]
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
        """Event name -> campaigns that it can move; refusals and closed reviews move every one."""
        heard = {name: set(self.project.campaigns) for name in (*REFUSALS, "task_closed")}
        for campaign in self.project.campaigns.values():
            for name in campaign.listens_to | self.project.policy.won_back:
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

    def build_channels(self) -> None:
        """Build the environment's adapters. Raises ConfigurationError."""
        for name, declared in self.environment.channels.items():
            if name not in self.channels:
                self.channels[name] = self._adapter(declared)

    def _adapter(self, declared: ChannelDef) -> Adapter:
        options = {k: settings.resolved(v) for k, v in declared.options.items()}
        tasks = StoreTaskBook(self.store, self.clock)
        host = Host(root=Path(self.project.root), now=self.clock.now, tasks=tasks)
        try:
            return build(declared.adapter, options, host)
        except (OptionError, UnknownAdapter) as error:
            raise ConfigurationError(f"{declared.source}: channel {declared.channel}: {error}") from None

    def at_once_channels(self) -> frozenset[str]:
        """Channels whose touches may leave in the turn that decides them: they can look up what they accepted,
        and no rate is declared for them."""
        rated = {name for name, declared in self.environment.channels.items() if declared.rate}
        return frozenset(n for n, a in self.channels.items() if a.capabilities.lookup and n not in rated)

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
    project = loaded.require()
    environment = environment_of(project, env)
    store = Store.open(database_url(project, environment))
    return App(loaded, project, environment, store, clock)


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
