"""k8s/: what the manifests, the code and Docker Compose say of the same thing agrees, and pods have no needless right.

Everything is asked of the overlays as `kubectl kustomize` renders them; no cluster is needed. A real API server is asked by
`make k8s-check`.
"""

import asyncio
import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from peerloom_deploy import kubernetes
from peerloom_dev.compose import COMPOSE_FILE
from peerloom_dev.stack import ROOT, SERVICES
from peerloom_events import TOPICS
from peerloom_service.manifest import Manifest, manifests
from peerloom_service.service import Service
from peerloom_service.settings import ServiceSettings

OVERLAYS = sorted(path.parent.name for path in (ROOT / "k8s/overlays").glob("*/kustomization.yaml"))
MANIFESTS = [pytest.param(one, id=one.name) for one in SERVICES]
PROGRAM = shutil.which("kubectl") or shutil.which("kustomize")
Object = dict[str, Any]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is neither kubectl nor kustomize here")


@cache
def objects(overlay: str) -> tuple[Object, ...]:
    command = [
        str(PROGRAM),
        *(["kustomize"] if str(PROGRAM).endswith("kubectl") else ["build"]),
        str(ROOT / "k8s/overlays" / overlay),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(one for one in yaml.safe_load_all(done.stdout) if one)


def of_kind(overlay: str, kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects(overlay) if one["kind"] == kind}


def pods(overlay: str) -> Iterator[tuple[str, Object]]:
    for one in objects(overlay):
        if one["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield one["metadata"]["name"], one["spec"]["template"]


def service_of(manifest: Manifest) -> Service:
    service: Service = importlib.import_module(f"{manifest.module}.main").service
    return service


def settings_of(overlay: str, pod: Object) -> dict[str, str]:
    (container,) = pod["spec"]["containers"]
    shared = of_kind(overlay, "ConfigMap")
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= shared[source["configMapRef"]["name"]]["data"]
    return found | {one["name"]: one["value"] for one in container["env"] if "value" in one}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_runs_as_what_its_manifest_says_and_is_migrated_first(overlay: str) -> None:
    wanted = {f"{one.name}-{process}" for one in SERVICES for process in kubernetes.roles(one)}

    assert wanted <= of_kind(overlay, "Deployment").keys()
    assert {f"{one.name}-migrate" for one in SERVICES} == of_kind(overlay, "Job").keys()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_process_understands_every_setting_and_argument_it_is_given(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in SERVICES:
        service = service_of(one)
        for process in (*kubernetes.roles(one), "migrate"):
            pod = dict(pods(overlay))[f"{one.name}-{process}"]
            with monkeypatch.context() as environment:
                for name, value in settings_of(overlay, pod).items():
                    environment.setenv(name, value)
                settings: ServiceSettings = service.settings.model_validate({})
            assert settings.http_port == settings.health_port == 8000
            assert settings.environment == ("local" if overlay == "dev" else "production")
    known = {f"PEERLOOM_{field.upper()}" for one in SERVICES for field in service_of(one).settings.model_fields}
    given = {
        name for name, pod in pods(overlay) if "envFrom" in pod["spec"]["containers"][0] for name in settings_of(overlay, pod)
    }
    assert {name for name in given if not name.startswith("OTEL_")} <= known


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_topics_are_those_the_code_makes(manifest: Manifest) -> None:
    made = {topic.name: topic for topic in service_of(manifest).topics()}
    declared = of_kind("prod", "KafkaTopic")

    assert made.keys() <= declared.keys()
    for name, topic in made.items():
        assert declared[name]["spec"]["partitions"] == topic.partitions
        assert declared[name]["spec"]["config"] == {
            "retention.ms": str(topic.retention_days * 86_400_000),
            "min.insync.replicas": "2",
        }
    copies = {one["spec"]["replicas"] for one in declared.values()}
    assert copies == {int(of_settings("prod")["PEERLOOM_KAFKA_REPLICATION"])}


def of_settings(overlay: str) -> dict[str, str]:
    return settings_of(overlay, dict(pods(overlay))[f"{SERVICES[0].name}-api"])


def test_no_topic_is_declared_that_no_service_makes() -> None:
    made = {topic.name for one in SERVICES for topic in service_of(one).topics()}

    assert of_kind("prod", "KafkaTopic").keys() == made


@pytest.mark.parametrize("overlay", ["prod", "scale-to-zero"])
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_workers_are_scaled_by_the_lag_of_exactly_the_groups_and_topics_they_read(manifest: Manifest, overlay: str) -> None:
    service, scalers = service_of(manifest), of_kind(overlay, "ScaledObject")
    wanted = {"worker": (manifest.name, {kind.topic for kind in service.subscribes})}
    wanted["tasks"] = (f"{manifest.name}.tasks", {kind.topic for kind in service.tasks})

    for process, (group, topics) in wanted.items():
        scaler = scalers.get(f"{manifest.name}-{process}")
        if not topics:
            assert scaler is None
            continue
        assert scaler
        triggers = [trigger["metadata"] for trigger in scaler["spec"]["triggers"]]
        assert {trigger["consumerGroup"] for trigger in triggers} == {group}
        assert {trigger["topic"] for trigger in triggers} == {topic.name for topic in topics}
        assert {trigger["bootstrapServers"] for trigger in triggers} == {of_settings(overlay)["PEERLOOM_KAFKA_BOOTSTRAP"]}
        assert scaler["spec"]["maxReplicaCount"] == max(topic.partitions for topic in topics)
        assert scaler["spec"]["scaleTargetRef"]["name"] in of_kind(overlay, "Deployment")
        for trigger in triggers:
            assert trigger["offsetResetPolicy"] == "earliest"
            assert trigger["excludePersistentLag"] == "false"
            assert all(isinstance(value, str) for value in trigger.values())


@pytest.mark.parametrize("overlay", ["prod", "scale-to-zero"])
def test_nothing_has_two_autoscalers_and_what_is_scaled_says_no_number_itself(overlay: str) -> None:
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in of_kind(overlay, "ScaledObject").values()]
    scaled += [one["spec"]["scaleTargetRef"]["name"] for one in of_kind(overlay, "HorizontalPodAutoscaler").values()]

    assert len(scaled) == len(set(scaled))
    assert all("replicas" not in of_kind(overlay, "Deployment")[name]["spec"] for name in scaled)


def test_who_has_an_outbox_to_empty_or_timers_to_keep_never_sleeps() -> None:
    sleepers = {name for name, one in of_kind("scale-to-zero", "ScaledObject").items() if one["spec"]["minReplicaCount"] == 0}

    assert {"matching-tasks", "analytics-worker"} <= sleepers
    for one in SERVICES:
        if f"{one.name}-worker" in sleepers:
            assert not one.publishes
            assert not service_of(one).jobs
    assert all(one["spec"]["minReplicaCount"] == 1 for one in of_kind("prod", "ScaledObject").values())


def test_a_request_reaches_the_one_service_that_has_its_path() -> None:
    owner: dict[str, str] = {}
    for name, route in of_kind("prod", "HTTPRoute").items():
        (rule,) = route["spec"]["rules"]
        assert rule["backendRefs"] == [{"name": name, "port": 80}]
        for match in rule["matches"]:
            assert owner.setdefault(match["path"]["value"], name) == name, "two services begin alike"
    for one in SERVICES:
        for path in service_of(one).app(settings_for(one), worker=False).openapi()["paths"]:
            assert owner["/".join(path.split("/")[:3])] == one.name


def settings_for(one: Manifest) -> ServiceSettings:
    return service_of(one).settings(
        database_url="postgresql://x@x/x", kafka_bootstrap="x:1", auth_issuer="https://login.example"
    )


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_selectors_and_names_lead_to_something(overlay: str) -> None:
    templates = [pod for _, pod in pods(overlay)]
    named = {(kind, name) for kind in ("ConfigMap", "Secret", "ServiceAccount") for name in of_kind(overlay, kind)}
    named |= {("Secret", one["spec"]["target"]["name"]) for one in of_kind(overlay, "ExternalSecret").values()}
    for name, service in of_kind(overlay, "Service").items():
        behind = [pod for pod in templates if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()]
        assert behind, f"nothing stands behind the service {name}"
        for pod in behind:
            ports = {port["name"] for port in pod["spec"]["containers"][0].get("ports", ())}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for name, budget in of_kind(overlay, "PodDisruptionBudget").items():
        assert (
            budget["spec"]["selector"]["matchLabels"] == of_kind(overlay, "Deployment")[name]["spec"]["selector"]["matchLabels"]
        )
    for name, pod in pods(overlay):
        wanted = {("ServiceAccount", pod["spec"].get("serviceAccountName"))} - {("ServiceAccount", None)}
        for variable in pod["spec"]["containers"][0]["env"]:
            if "valueFrom" in variable:
                wanted.add(("Secret", variable["valueFrom"]["secretKeyRef"]["name"]))
        assert wanted <= named, f"{name} names what is not there"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_no_right_it_can_do_without(overlay: str) -> None:
    for name, pod in pods(overlay):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]
    (namespace,) = of_kind(overlay, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_lasts_is_probed_and_a_database_that_is_down_restarts_nothing(overlay: str) -> None:
    for name, one in of_kind(overlay, "Deployment").items():
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live", name
        assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_passes_that_is_not_named(overlay: str) -> None:
    policies = of_kind(overlay, "NetworkPolicy")

    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    labels = [pod["metadata"]["labels"] for _, pod in pods(overlay)]
    for name in ("api-from-gateway", "services-to-servers", "metrics-from-monitoring"):
        chosen = policies[name]["spec"]["podSelector"]["matchLabels"].items()
        assert any(chosen <= one.items() for one in labels), f"{name} is for nobody"


def test_the_database_takes_every_connection_that_pods_at_their_most_may_open() -> None:
    most = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["maxReplicas"]
        for one in of_kind("prod", "HorizontalPodAutoscaler").values()
    }
    most |= {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["maxReplicaCount"]
        for one in of_kind("prod", "ScaledObject").values()
    }
    (cluster,) = of_kind("prod", "Cluster").values()

    connections = 0
    for name in of_kind("prod", "Deployment"):
        pod = dict(pods("prod"))[name]
        connections += most.get(name, 1) * int(settings_of("prod", pod)["PEERLOOM_DATABASE_CONNECTIONS"])
    assert connections <= int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]) - 50, (
        "fifty for operators and backups"
    )


def test_each_service_has_a_database_a_role_and_a_secret_of_its_own() -> None:
    names = {one.name for one in SERVICES}
    (cluster,) = of_kind("prod", "Cluster").values()

    assert {role["name"]: role["passwordSecret"]["name"] for role in cluster["spec"]["managed"]["roles"]} == {
        name: f"{name}-database" for name in names
    }
    assert {one["spec"]["name"]: one["spec"]["owner"] for one in of_kind("prod", "Database").values()} == {
        name: name for name in names
    }
    assert {f"{name}-database" for name in names} <= of_kind("prod", "ExternalSecret").keys()
    assert {f"{name}-database" for name in names} <= of_kind("dev", "Secret").keys()


def test_development_runs_the_servers_that_compose_runs() -> None:
    containers = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    images = {pod["spec"]["containers"][0]["image"] for name, pod in pods("dev")}

    assert {containers["postgres"]["image"], containers["kafka"]["image"]} <= images
    assert {containers[f"{one.name}-api"]["image"] for one in SERVICES} <= images
    assert (ROOT / "k8s/components/dev-postgres/databases.sh").read_text() == (ROOT / "infra/compose/databases.sh").read_text()


def test_production_has_no_development_server_secret_or_clock() -> None:
    text = yaml.safe_dump_all(objects("prod"))

    assert not re.search(r"TEST_CLOCK|local-|peerloom/issuer|:local\b", text)


def test_a_new_service_joins_by_its_manifest(tmp_path: Path) -> None:
    file = tmp_path / "guild/guild_service/manifest.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        'name = "guild"\ndescription = "Guilds."\nport = 8119\nsubscribes = ["matching.matches.v1"]\ncalls_out = true\n'
    )
    (tmp_path / "guild.json").write_text('{"paths": {"/v1/guilds/{id}": {}}}')
    for one in SERVICES:
        (tmp_path / f"{one.name}.json").write_text((ROOT / f"docs/openapi/{one.name}.json").read_text())

    files = kubernetes.rendered([*SERVICES, *manifests(tmp_path)], tmp_path, "1.2.3")

    assert "name: guild-api" in files["base/services/guild.yaml"]
    assert "peerloom.io/calls-out" in files["base/services/guild.yaml"]
    assert "- guild.yaml" in files["base/services/kustomization.yaml"]
    assert "consumerGroup: guild" in files["components/autoscaling/scalers.yaml"]
    assert "name: guild-worker" not in files["components/scale-to-zero/sleepers.yaml"], "it has somebody to call"
    file.write_text(file.read_text().replace("calls_out = true\n", ""))
    files = kubernetes.rendered([*SERVICES, *manifests(tmp_path)], tmp_path, "1.2.3")
    assert "name: guild-worker" in files["components/scale-to-zero/sleepers.yaml"]
    assert "value: /v1/guilds" in files["components/gateway/routes.yaml"]
    assert "name: dlt.guild.matching.matches.v1" in files["components/strimzi/topics.yaml"]
    assert "name: guild-database" in files["components/external-secrets/secrets.yaml"]
    assert len(TOPICS) < len(kubernetes.needed_topics(SERVICES))


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_every_group_is_read_by_one_process_and_a_process_understands_its_arguments(
    manifest: Manifest, overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[str, Any]] = []
    monkeypatch.setattr(Service, "_serve", lambda _self, _settings, process, *, only: served.append((process, only)))
    for part in ("configure_logs", "configure_telemetry"):
        monkeypatch.setattr(f"peerloom_service.service.{part}", lambda *_given, **_named: None)
    service, settings = service_of(manifest), settings_for(manifest)
    runtime: Any = SimpleNamespace(settings=settings, database=None, storages={}, wake_relay=asyncio.Event())
    for name, value in settings_of(overlay, dict(pods(overlay))[f"{manifest.name}-api"]).items():
        monkeypatch.setenv(name, value)

    groups: list[str] = []
    for process in kubernetes.roles(manifest):
        service.run(dict(pods(overlay))[f"{manifest.name}-{process}"]["spec"]["containers"][0]["args"])
        ran, only = served.pop()
        assert ran == ("api" if process == "api" else "worker")
        if ran == "worker":
            groups += [consumer.group for consumer in service._consumers(runtime, only)]
    wanted = {manifest.name: service.subscribes, f"{manifest.name}.tasks": service.tasks}
    assert sorted(groups) == sorted(group for group, reads in wanted.items() if reads)
