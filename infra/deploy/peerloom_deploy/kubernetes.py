"""The part of `k8s/` that the services' manifests decide: processes, their scalers, routes, topics, databases, secrets.

Each kind of object is one template beside this module; what is the same for every installation is written by hand in `k8s/`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from peerloom_events import TOPICS, Topic, dead_letter_topic
from peerloom_service.manifest import Manifest, Sizing

_TEMPLATES: Final = Path(__file__).with_name("templates")
_HEAD: Final = "# Written from the services' manifests: change those, or infra/deploy, and run `make contracts-accept`.\n"
_MILLISECONDS_A_DAY: Final = 86_400_000
_TASK_GRACE_SECONDS: Final = 60

MOST_APIS: Final = 6
"""An API is scaled to so many pods at most; with its connections it decides what PostgreSQL must take (docs/kubernetes.md)."""


@dataclass(frozen=True, slots=True)
class Role:
    """A Deployment of a service. `connections`: to its database at most, a pod."""

    arguments: Sequence[str]
    connections: int
    sizing: Sizing
    why_so_big: str
    grace: int
    why_grace: str
    readiness: str


ROLES: Final = {
    "api": Role(
        ["api"],
        10,
        Sizing(cpu="250m", memory="256Mi", memory_limit="512Mi"),
        "some 400 requests/s a core; 150 MB at rest",
        30,
        "5 s for the gateway to notice, 10 s for requests under way",
        "its database answers",
    ),
    "worker": Role(
        ["worker"],
        6,
        Sizing(cpu="200m", memory="256Mi", memory_limit="768Mi"),
        "a batch of 1,000 events in memory, decoded",
        45,
        "the batch under way is committed, then its partitions are given back",
        "its database answers, its consumer has its partitions",
    ),
    "tasks": Role(
        ["worker", "--only", "tasks"],
        4,
        Sizing(cpu="1", memory="512Mi", memory_limit="2Gi"),
        "one long task at a time",
        _TASK_GRACE_SECONDS,
        "a task that is cut off is given to another worker, from the start",
        "its database answers, its consumer has its partitions",
    ),
}


def roles(one: Manifest) -> dict[str, Role]:
    """The Deployments of a service by the name of their process. Who has long tasks has workers for nothing else, so that they
    can go to none: the outbox and the timers stay with `worker`.
    """
    found: dict[str, Role] = {process: ROLES[process] for process in one.processes}
    if one.tasks:
        events = ROLES["worker"]
        found["worker"] = Role(
            [*events.arguments, "--only", "events"],
            events.connections,
            events.sizing,
            events.why_so_big,
            events.grace,
            events.why_grace,
            events.readiness,
        )
        found["tasks"] = ROLES["tasks"]
    return found


def partitions(topics: Iterable[str]) -> int:
    """The most that one of these topics has, which is how many members of a group have something to do."""
    by_name = {topic.name: topic.partitions for topic in TOPICS}
    return max((by_name[name] for name in topics), default=1)


def needed_topics(services: Sequence[Manifest]) -> list[Topic]:
    """Every topic: those that events travel on, and a dead-letter topic for each group and topic it reads."""
    read = [(one.name, topic) for one in services for topic in one.subscribes]
    read += [(f"{one.name}.tasks", topic) for one in services for topic in one.tasks]
    return [*TOPICS, *(Topic(dead_letter_topic(*pair), "record", "Dead letters.", partitions=1) for pair in sorted(read))]


def rendered(services: Sequence[Manifest], openapi: Path, version: str) -> dict[str, str]:
    """The text of each file by its path below `k8s`. `openapi`: the folder of the services' documents, for their paths;
    `version`: of the images that are released.
    """
    files: dict[str, str] = {}
    for one in services:
        files[f"base/services/{one.name}.yaml"] = _HEAD + "---\n".join(
            [_filled("service.yaml", name=one.name, description=one.description), _filled("migrate.yaml", name=one.name)]
            + [_process(one, process, role) for process, role in roles(one).items()]
        )
    files["base/services/kustomization.yaml"] = _kustomization(f"{one.name}.yaml" for one in services)
    for path, write in _OF_EACH.items():
        documents = [text for one in services for text in write(one)]
        files[path] = _HEAD + "---\n".join(documents)
    files["components/gateway/routes.yaml"] = _HEAD + "---\n".join(_route(one, openapi) for one in services)
    files["components/strimzi/topics.yaml"] = _HEAD + "---\n".join(_topic(topic) for topic in needed_topics(services))
    files["components/cloudnative-pg/roles.yaml"] = _HEAD + _database_roles(services)
    files["components/released-images/kustomization.yaml"] = _images(services, version)
    files["components/dev-postgres/passwords.yaml"] = _HEAD + _passwords(services)
    local = {name: value for one in services for name, value in one.local.items()}
    files["overlays/dev/local.env"] = _HEAD + "".join(f"{name}={value}\n" for name, value in sorted(local.items()))
    return files


def _filled(template: str, **values: object) -> str:
    return Template((_TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


def _kustomization(resources: Iterable[str]) -> str:
    lines = "".join(f"  - {name}\n" for name in resources)
    return f"{_HEAD}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{lines}"


def _process(one: Manifest, process: str, role: Role) -> str:
    sizing = one.sizes.get(process, role.sizing)
    stop = "          lifecycle: {preStop: {sleep: {seconds: 5}}} # the gateway goes on sending for a moment\n"
    return _filled(
        "process.yaml",
        name=one.name,
        process=process,
        arguments=json.dumps(list(role.arguments)),
        connections=role.connections,
        grace=role.grace,
        grace_reason=role.why_grace,
        readiness=role.readiness,
        stop=stop if process == "api" else "",
        outward=", peerloom.io/calls-out: 'true'" if one.calls_out and process != "api" else "",
        cpu=sizing.cpu,
        memory=sizing.memory,
        memory_limit=sizing.memory_limit,
        scratch=sizing.scratch,
        resources_reason=sizing.reason or role.why_so_big,
    )


def _scalers(one: Manifest) -> Iterable[str]:
    yield _filled("hpa.yaml", name=one.name, most=MOST_APIS)
    if one.subscribes:
        stays = "its outbox and timers need one" if one.publishes else "a new event finds one at work"
        yield _scaledobject(one.name, "worker", one.name, one.subscribes, threshold=500, least_reason=stays)
    if one.tasks:
        yield _scaledobject(
            one.name, "tasks", f"{one.name}.tasks", one.tasks, threshold=1, least_reason="the first task starts at once"
        )


def _scaledobject(name: str, process: str, group: str, topics: Sequence[str], *, threshold: int, least_reason: str) -> str:
    head = _filled("scaledobject.yaml", name=name, process=process, least=1, least_reason=least_reason, most=partitions(topics))
    return head + "".join(_filled("trigger.yaml", group=group, topic=topic, threshold=threshold) for topic in topics)


def _to_zero(one: Manifest) -> Iterable[str]:
    """Patches for who may sleep: workers of long tasks, and those whose service has no outbox, no timers and nobody to call."""
    sleeps = one.subscribes and not one.publishes and not one.calls_out
    for process in (["tasks"] if one.tasks else []) + (["worker"] if sleeps else []):
        yield (
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n"
            f"metadata: {{name: {one.name}-{process}}}\nspec: {{minReplicaCount: 0}}\n"
        )


def _route(one: Manifest, openapi: Path) -> str:
    paths = json.loads((openapi / f"{one.name}.json").read_text(encoding="utf-8"))["paths"]
    first = sorted({"/".join(path.split("/")[:3]) for path in paths})
    matches = "".join(f"        - path: {{type: PathPrefix, value: {path}}}\n" for path in first)
    return _filled("route.yaml", name=one.name, matches=matches)


def _topic(topic: Topic) -> str:
    days = topic.retention_days * _MILLISECONDS_A_DAY
    return _filled("topic.yaml", topic=topic.name, partitions=topic.partitions, retention=days)


def _database_roles(services: Sequence[Manifest]) -> str:
    """A patch: CloudNativePG keeps all roles in one list of the cluster."""
    lines = "".join(
        f"      - {{name: {one.name}, ensure: present, login: true, superuser: false, bypassrls: false, "
        f"passwordSecret: {{name: {one.name}-database}}}}\n"
        for one in services
    )
    return _patch("postgresql.cnpg.io/v1", "Cluster", "  managed:\n    roles:\n") + lines


def _images(services: Sequence[Manifest], version: str) -> str:
    lines = "".join(
        f'  - {{name: peerloom/{one.name}, newName: registry.example/peerloom/{one.name}, newTag: "{version}"}}\n'
        for one in services
    )
    return (
        f"{_HEAD}# Your registry, in your overlay: `kustomize edit set image peerloom/profile=<registry>/profile@sha256:…`\n"
        f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n{lines}"
    )


def _passwords(services: Sequence[Manifest]) -> str:
    """A patch: what the development database is told when it is first made."""
    lines = "".join(
        f"            - name: PASSWORD_{one.name.upper()}\n"
        f"              valueFrom: {{secretKeyRef: {{name: {one.name}-database, key: password}}}}\n"
        for one in services
    )
    spec = "  template:\n    spec:\n      containers:\n        - name: postgres\n          env:\n"
    return _patch("apps/v1", "StatefulSet", spec) + lines


def _patch(version: str, kind: str, spec: str) -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: postgres}}\nspec:\n{spec}"


def _one(template: str) -> Callable[[Manifest], Iterable[str]]:
    return lambda one: [_filled(template, name=one.name)]


_OF_EACH: Final[dict[str, Callable[[Manifest], Iterable[str]]]] = {
    "components/autoscaling/scalers.yaml": _scalers,
    "components/scale-to-zero/sleepers.yaml": _to_zero,
    "components/cloudnative-pg/databases.yaml": _one("database.yaml"),
    "components/external-secrets/secrets.yaml": _one("externalsecret.yaml"),
    "components/dev-postgres/secrets.yaml": _one("devsecret.yaml"),
}
