"""What a service is made of, and the processes it runs as: `api`, `worker`, `migrate`, and `all` for the laptop.

`main.py` of a service declares one `Service`; nothing else is wired anywhere.
"""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import asyncpg
import httpx
import structlog
import uvicorn
from aiokafka.errors import KafkaError
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from peerloom_events import TOPICS, Event, Topic, dead_letter_topic
from peerloom_service.access.directory import Directory
from peerloom_service.auth import TokenVerifier
from peerloom_service.consuming import dead_letters, replay
from peerloom_service.consuming import tasks as long_work
from peerloom_service.consuming.chain import Chain
from peerloom_service.consuming.consumer import BATCH, Consumer
from peerloom_service.consuming.decoding import Subscriptions
from peerloom_service.consuming.member import Member, Membership
from peerloom_service.consuming.replay import Replay
from peerloom_service.consuming.retry import RetryPolicy
from peerloom_service.consuming.tasks import TaskConsumer, Tasks
from peerloom_service.housekeeping import HOUSEKEEPING
from peerloom_service.http.app import Health, create_app
from peerloom_service.http.protocol import limited_protocol
from peerloom_service.http.server import serve
from peerloom_service.jobs import Job, RunningJob
from peerloom_service.logs import configure_logs
from peerloom_service.loops import Loops
from peerloom_service.manifest import Manifest
from peerloom_service.publishing import unsent
from peerloom_service.publishing.producer import Sender
from peerloom_service.publishing.relay import Relay
from peerloom_service.publishing.republish import Republished, republish
from peerloom_service.publishing.topics import TopicRefused, ensure_topics
from peerloom_service.settings import ServiceSettings, read_settings
from peerloom_service.storage.database import TRANSIENT, Database
from peerloom_service.storage.schema import READ_REVISIONS, heads, migrate, state_of
from peerloom_service.storage.tables import storages
from peerloom_service.telemetry import configure_telemetry
from peerloom_service.use_cases.runtime import Runtime
from peerloom_service.watch import Watch

Part = Literal["events", "tasks"]
"""What a worker may be for alone, so that autoscalers can take workers of long tasks away."""

_GRACE_SECONDS: Final = 10
_HEALTH_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, declared. `manifest`: what others need to know of it. `subscribes`: events in, each with its handler.
    `tasks`: long work that comes as events. `republishes`: the event that says all of
    an aggregate's present state. `jobs`: what its worker does besides, by name. `retry`, `batch` and
    `membership`: how its consumer goes about its events.
    """

    manifest: Manifest
    settings: type[ServiceSettings]
    tables: type[SQLModel]
    routes: APIRouter
    migrations: Path
    subscribes: Subscriptions = field(default_factory=dict)
    tasks: Tasks = field(default_factory=dict)
    republishes: Republished = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    batch: int = BATCH
    membership: Membership = field(default_factory=Membership)

    @property
    def name(self) -> str:
        """Its name, which is its consumer group's too."""
        return self.manifest.name

    @property
    def description(self) -> str:
        """What it is for, in a sentence."""
        return self.manifest.description

    def run(self, arguments: Sequence[str] | None = None) -> None:
        """The command line: `python -m <name>_service api|worker|migrate|all`, or one of the operator's commands."""
        parser = argparse.ArgumentParser(prog=f"{self.name}_service", description=self.description)
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("api", help="serve HTTP")
        worker = commands.add_parser("worker", help="consume events, relay the outbox, do the timed jobs")
        worker.add_argument(
            "--only", choices=("events", "tasks"), help="all but long tasks; or those, and the outbox they fill"
        )
        commands.add_parser("all", help="api and worker in one process, for a laptop")
        commands.add_parser("migrate", help="bring the database to the newest revision and create the topics")
        commands.add_parser("parked", help="show which keys wait behind an event that could not be handled")
        commands.add_parser("unsent", help="show what waits in the outbox, and what the broker refused")
        for name, text in (
            ("release", "handle a key's parked events"),
            ("discard", "drop a key's first parked event"),
            ("resend", "send a key's events again that the broker refused"),
        ):
            one = commands.add_parser(name, help=text)
            one.add_argument("topic")
            one.add_argument("key")
        restated = commands.add_parser("republish", help="say the present state of all aggregates again, through the outbox")
        restated.add_argument("--per-second", type=_rate, default=500, metavar="EVENTS")
        again = commands.add_parser("replay", help="handle the events the running service has passed by")
        again.add_argument("--from", dest="since", required=True, type=_moment, metavar="TIME|beginning")
        again.add_argument(
            "--types", nargs="+", type=self._subscribed, metavar="TYPE", help="only these; default: all it handles"
        )
        chosen = parser.parse_args(arguments)
        settings = read_settings(self.settings, self.name)
        configure_logs(self.name, settings.log_level)
        match chosen.command:
            case "migrate":
                self._migrate(settings)
            case "parked" | "release" | "discard" | "unsent" | "resend":
                asyncio.run(self._set_aside(settings, chosen))
            case "republish":
                asyncio.run(self._republish(settings, chosen.per_second))
            case "replay":
                asyncio.run(self._replay(settings, chosen.since, chosen.types or list(self.subscribes)))
            case process:
                configure_telemetry(self.name, otlp=_traces_wanted(), trace_share=settings.trace_share)
                self._serve(settings, process, only=getattr(chosen, "only", None))

    # -- processes ----------------------------------------------------------------------------------------------------

    def app(self, settings: ServiceSettings, *, worker: bool) -> FastAPI:
        """The HTTP app of `api`, or of `all` where `worker` is set."""
        return create_app(
            title=f"Peerloom {self.name}",
            description=self.description,
            router=self.routes,
            scopes=self.manifest.scopes,
            run=lambda _app: self.running(settings, worker=worker),
            tracing=_traces_wanted(),
        )

    @asynccontextmanager
    async def running(
        self, settings: ServiceSettings, *, worker: bool, only: Part | None = None
    ) -> AsyncIterator[tuple[Runtime, Health]]:
        """A process's runtime with its loops going: a worker's where `worker` is set, or those of a part of its work. What
        keeps a loop from its work fails readiness.

        Raises: SystemExit with a sentence when the database or its schema is not there.
        """
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(self._database(settings))
            http = await stack.enter_async_context(httpx.AsyncClient(timeout=5))
            runtime = Runtime(
                settings=settings,
                database=database,
                storages=storages(self.tables),
                verifier=TokenVerifier(
                    settings.auth_issuer,
                    settings.auth_audience,
                    http,
                    Directory(database),
                    anywhere=settings.environment == "local",
                ),
            )
            loops = Loops()
            stack.push_async_callback(loops.stop)
            if worker:
                sender, trials = (Sender(settings.kafka_bootstrap, idempotent=settings.kafka_idempotent) for _ in range(2))
                relay, consumers = Relay(database, sender, trials, runtime.wake_relay), self._consumers(runtime, only)
                loops.start("relay", relay)
                loops.start("outbox", Watch(database, relay, consumers))
                for consumer in consumers:
                    loops.start(f"consumer {consumer.group}", consumer)
                jobs = {} if only == "tasks" else {"housekeeping": HOUSEKEEPING, **self.jobs}
                for name, job in jobs.items():
                    loops.start(name, RunningJob(name, job, runtime))

            async def health() -> dict[str, str]:
                wrong = loops.troubles()
                try:
                    async with asyncio.timeout(_HEALTH_SECONDS):
                        await database.execute(None, "SELECT 1")
                except (*TRANSIENT, asyncpg.PostgresError) as error:
                    wrong["database"] = type(error).__name__
                return wrong

            # What the process is made of never becomes garbage, and what a request makes is mostly gone at its end: looking for
            # cycles as often as Python does by default costs a consumer half of its time (tests/benchmarks).
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 100)
            yield runtime, Health(health, loops.hopeless)

    def _consumers(self, runtime: Runtime, only: Part | None) -> list[Consumer]:
        consumers = []
        if self.subscribes and only != "tasks":
            chain = self.chain(runtime)
            consumers.append(Consumer(self._member(runtime, chain.group, self.subscribes), chain, batch=self.batch))
        if self.tasks and only != "events":
            chain = self._chain(runtime, f"{self.name}.tasks", dict.fromkeys(self.tasks, long_work.not_in_a_transaction))
            member = self._member(runtime, chain.group, self.tasks)
            consumers.append(TaskConsumer(member, chain, tasks=self.tasks, runtime=runtime))
        return consumers

    def chain(self, runtime: Runtime, subscribes: Subscriptions | None = None) -> Chain:
        """The steps every event of the service's group goes through; `subscribes`: for these types alone."""
        return self._chain(runtime, self.name, self.subscribes if subscribes is None else subscribes)

    def _chain(self, runtime: Runtime, group: str, subscribes: Subscriptions) -> Chain:
        return Chain(
            group=group,
            subscribes=subscribes,
            database=runtime.database,
            storages=runtime.storages,
            wake_relay=runtime.wake_relay,
            retry=self.retry,
        )

    def _member(self, runtime: Runtime, group: str, kinds: Iterable[type[Event]]) -> Member:
        membership = replace(self.membership, session_ms=runtime.settings.kafka_session_ms)
        return Member(group, runtime.settings.kafka_bootstrap, {kind.topic.name for kind in kinds}, membership)

    def topics(self) -> list[Topic]:
        """Every topic this service needs to exist: all that events travel on, and its own dead-letter topics."""
        consumed = {(self.name, kind.topic.name) for kind in self.subscribes}
        consumed |= {(f"{self.name}.tasks", kind.topic.name) for kind in self.tasks}
        letters = [Topic(dead_letter_topic(*one), "record", "Dead letters.", partitions=1) for one in sorted(consumed)]
        return [*TOPICS, *letters]

    def _serve(self, settings: ServiceSettings, process: str, *, only: Part | None) -> None:
        asyncio.run(self._refuse_an_unready_database(settings))
        if process == "worker":
            app = _health_app(self, settings, only)
            port = settings.health_port or settings.http_port
        else:
            app = self.app(settings, worker=process == "all")
            port = settings.http_port
        serve(
            uvicorn.Config(
                app,
                host=settings.http_host,
                port=port,
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                timeout_keep_alive=settings.keep_alive_seconds,
                http=limited_protocol(settings.head_limit, settings.request_seconds),
            )
        )

    def _migrate(self, settings: ServiceSettings) -> None:
        try:
            ahead = migrate(settings.database_url, self.migrations)
            asyncio.run(ensure_topics(settings.kafka_bootstrap, self.topics(), replication=settings.kafka_replication))
        except OSError as error:
            _stop(f"{self.name}: the database or the broker cannot be reached: {error}")
        except (asyncpg.ClientConfigurationError, ValueError) as error:
            _stop(f"{self.name}: PEERLOOM_DATABASE_URL is not understood: {error}")
        except asyncpg.PostgresError as error:
            _stop(f"{self.name}: its database refuses: {error}")
        except DBAPIError as error:
            _stop(f"{self.name}: its database refuses: {error.orig}")
        except (KafkaError, TopicRefused) as error:
            _stop(f"{self.name}: the topics could not be made: {error}")
        at = " and ".join(sorted(heads(self.migrations)))
        if ahead:
            at = f"{' and '.join(ahead)}, made by a newer release and left as it is; this release runs on it"
        print(f"{self.name}: database at {at}, {len(self.topics())} topics present")

    async def _refuse_an_unready_database(self, settings: ServiceSettings) -> None:
        """Look before the server starts: what stops its start is logged as a traceback."""
        async with self._database(settings):
            pass

    @asynccontextmanager
    async def _database(self, settings: ServiceSettings) -> AsyncIterator[Database]:
        async with AsyncExitStack() as stack:
            try:
                database = await stack.enter_async_context(
                    Database.opened(
                        settings.database_url, name=f"peerloom-{self.name}", connections=settings.database_connections
                    )
                )
                found = await database.fetch(None, READ_REVISIONS)
            except asyncpg.UndefinedTableError:
                _stop(f"{self.name}: its database is empty. Run `python -m {self.name}_service migrate` first.")
            except (asyncpg.ClientConfigurationError, ValueError) as error:
                _stop(f"{self.name}: PEERLOOM_DATABASE_URL is not understood: {error}")
            except (OSError, asyncpg.PostgresError) as error:
                _stop(f"{self.name}: its database cannot be used: {error}")
            state = state_of([row["version_num"] for row in found], self.migrations)
            if state.behind:
                _stop(f"{self.name}: its database {state.behind}. Run `python -m {self.name}_service migrate` first.")
            if state.ahead:
                _log.warning("a newer release has migrated the database; this one runs on it", revisions=state.ahead)
            yield database

    def _subscribed(self, name: str) -> type[Event]:
        """The event of this type or class name. Raises: ArgumentTypeError where the service has no handler for it."""
        known = {spelling: kind for kind in self.subscribes for spelling in (kind.type, kind.__name__)}
        if name not in known:
            subscribed = ", ".join(sorted(kind.__name__ for kind in self.subscribes)) or "no event"
            raise argparse.ArgumentTypeError(f"{self.name} does not handle {name}; it handles {subscribed}")
        return known[name]

    async def _replay(self, settings: ServiceSettings, since: datetime | None, kinds: Sequence[type[Event]]) -> None:
        async with self.running(settings, worker=False) as (runtime, _health):
            chain = self.chain(runtime, {kind: self.subscribes[kind] for kind in kinds})
            try:
                await replay.show(Replay(chain, runtime.database, settings.kafka_bootstrap, kinds), since)
                await dead_letters.show(runtime.database, self.name)
            except KafkaError as error:
                _stop(f"{self.name}: the broker cannot be reached: {error}")

    async def _republish(self, settings: ServiceSettings, per_second: int) -> None:
        if not self.republishes:
            _stop(f"{self.name} has nothing to say again: no other service keeps a copy of what is its own.")
        async with self.running(settings, worker=False) as (runtime, _health):
            said = await republish(runtime, self.republishes, per_second=per_second)
        print(f"{said:,} event(s) said again; the worker's relay sends them")

    async def _set_aside(self, settings: ServiceSettings, chosen: argparse.Namespace) -> None:
        """Commands about what could not be handled, or not be sent."""
        async with self.running(settings, worker=False) as (runtime, _health):
            chain = self.chain(runtime)
            match chosen.command:
                case "parked":
                    await dead_letters.show(runtime.database, self.name)
                case "release":
                    await dead_letters.release(runtime.database, chain, self.name, chosen.topic, chosen.key.encode())
                case "discard":
                    await dead_letters.discard(runtime.database, self.name, chosen.topic, chosen.key.encode())
                case "unsent":
                    await unsent.show(runtime.database)
                case "resend":
                    await unsent.resend(runtime.database, chosen.topic, chosen.key)


def _health_app(service: Service, settings: ServiceSettings, only: Part | None) -> FastAPI:
    """What a worker serves: its health and metrics."""
    return create_app(
        title=f"Peerloom {service.name} worker",
        description="Health of a worker.",
        router=APIRouter(),
        scopes={},
        run=lambda _app: service.running(settings, worker=True, only=only),
        tracing=False,
    )


def _moment(text: str) -> datetime | None:
    """A time with its zone; None for `beginning`."""
    if text == "beginning":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is no time; write 2026-11-30T08:00:00Z, or beginning") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no zone; write {text}Z for UTC")
    return moment


def _rate(text: str) -> int:
    """Events a second."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of events a second")
    return int(text)


def _traces_wanted() -> bool:
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


def _stop(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
