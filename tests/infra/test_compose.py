"""docker-compose.yml: what it promises is asked of the file itself, so that no engine is needed."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from peerloom_dev.compose import COMPOSE_FILE, ComposeStack
from peerloom_dev.stack import BASE_PORT, KAFKA_OFFSET, SERVICES
from peerloom_dev.state import StackError
from peerloom_issuer import IssuerSettings
from peerloom_service.settings import ServiceSettings

ROOT = COMPOSE_FILE.parent
CONTAINERS: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
NAMES = sorted(path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml"))
PROCESSES = [f"{name}-{process}" for name in NAMES for process in ("migrate", "api", "worker")]
LASTING = sorted(name for name in CONTAINERS if not name.endswith("-migrate") and name not in ("demo", "collector"))
"""Not the main job, which ends, nor the collector, whose image has no program that could be asked."""
TELEMETRY = {"collector", "prometheus", "grafana"}
PUBLISHED = sorted(name for name, container in CONTAINERS.items() if "ports" in container)
FROM_ENVIRONMENT = re.compile(r"\$\{(?P<variable>\w+):-(?P<default>[^}]*)\}")


@pytest.fixture
def docker_compose() -> None:
    """For what asks Docker's command line, which needs no engine."""
    program = shutil.which("docker")
    if program is None or subprocess.run([program, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Docker Compose here")


@pytest.mark.usefixtures("docker_compose")
def test_docker_compose_accepts_the_file() -> None:
    done = subprocess.run(
        ["docker", "compose", "--file", COMPOSE_FILE, "config", "--services"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(CONTAINERS.keys() - TELEMETRY - {"demo"}), "the rest is asked for by profile"
    assert done.stderr == "", "nothing to warn of"


def test_there_are_the_processes_of_every_service_and_the_servers_they_need() -> None:
    assert sorted(CONTAINERS) == sorted([*PROCESSES, "postgres", "kafka", "issuer", "demo", *TELEMETRY])
    assert CONTAINERS["postgres"]["image"] == "postgres:18"
    assert CONTAINERS["kafka"]["image"] == "apache/kafka:4.3.1"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_runs_the_image_that_is_built_for_its_service(process: str) -> None:
    name, _, command = process.rpartition("-")

    assert CONTAINERS[process]["image"] == f"peerloom/{name}:local"
    assert CONTAINERS[process]["command"] == [command]
    assert CONTAINERS[f"{name}-migrate"]["build"]["args"] == {"SERVICE": name}
    assert "build" not in CONTAINERS[process] or command == "migrate", "an image is built once"


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_has_no_right_it_can_do_without(name: str) -> None:
    container = CONTAINERS[name]

    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["read_only"] is True
    assert any(mount.split(":")[0] == "/tmp" for mount in container["tmpfs"])
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & container.keys()
    assert not any("docker.sock" in volume for volume in container.get("volumes", ()))
    user = container["user"] if not container["image"].startswith("peerloom/") else user_of_the_image()
    assert user.split(":")[0] not in ("0", "root")


def user_of_the_image() -> str:
    users: list[str] = re.findall(r"^USER (\S+)$", (ROOT / "services/Dockerfile").read_text(), re.MULTILINE)
    return users[-1]


@pytest.mark.parametrize("name", LASTING)
def test_a_container_that_stays_says_whether_it_is_healthy_and_comes_back_after_a_crash(name: str) -> None:
    assert CONTAINERS[name]["healthcheck"]["test"][0] == "CMD"
    assert CONTAINERS[name]["restart"] == "unless-stopped"
    assert "stop_grace_period" in CONTAINERS[name]


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_nothing_starts_before_what_it_needs_is_ready(name: str) -> None:
    waits_for = {needed: how["condition"] for needed, how in CONTAINERS[name].get("depends_on", {}).items()}
    service, _, process = name.rpartition("-")

    assert all(how == ready_when(needed) for needed, how in waits_for.items())
    if process == "migrate":
        assert waits_for.keys() == {"postgres", "kafka"}
    elif process in ("api", "worker"):
        assert f"{service}-migrate" in waits_for
        assert ("issuer" in waits_for) == (process == "api"), "an API cannot verify a token without the issuer"


def ready_when(needed: str) -> str:
    return "service_completed_successfully" if needed.endswith("-migrate") else "service_healthy"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_port_is_open_on_this_machine_only_and_can_be_changed(name: str) -> None:
    (port,) = CONTAINERS[name]["ports"]

    address, _, inside = port.rpartition(":")
    host, _, outside = address.partition(":")
    assert host == "127.0.0.1"
    assert inside.isdigit()
    assert parts(outside)["variable"] == f"PEERLOOM_PORT_{name.removesuffix('-api').upper()}"


def test_ports_are_those_of_the_laptop_stack() -> None:
    taken = {name: int(parts(CONTAINERS[name]["ports"][0])["default"]) for name in PUBLISHED}

    assert taken == {
        "issuer": BASE_PORT,
        "kafka": BASE_PORT + KAFKA_OFFSET,
        "prometheus": BASE_PORT + 90,
        "grafana": BASE_PORT + 91,
        **{f"{service.name}-api": service.port for service in SERVICES},
    }


def test_every_secret_can_be_set_and_is_plainly_local_otherwise() -> None:
    environments = [container.get("environment", {}) for container in CONTAINERS.values()]
    secrets = [
        (key, value)
        for environment in environments
        for key, value in environment.items()
        if "PASSWORD" in key or "SECRET" in key
    ]

    assert len(secrets) == 1 + 2 + len(NAMES) + len(PROCESSES)
    for key, value in secrets:
        found = FROM_ENVIRONMENT.fullmatch(value)
        assert found, f"{key} cannot be set from outside"
        assert re.fullmatch(r"PEERLOOM_(PASSWORD_\w+|OPERATOR_SECRET)", found["variable"])
        assert found["default"].startswith("local-")
    addresses = [urlsplit(value) for environment in environments for value in environment.values() if "://" in value]
    assert all(address.password is None for address in addresses), "an address holds no secret"


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_a_database_and_a_role_that_no_other_service_has_the_password_of(name: str) -> None:
    environments = [CONTAINERS[f"{name}-{process}"]["environment"] for process in ("migrate", "api", "worker")]
    address = urlsplit(environments[0]["PEERLOOM_DATABASE_URL"])

    assert all(environment == environments[0] for environment in environments), "its processes are told the same"
    assert (address.username, address.hostname, address.path) == (name, "postgres", f"/{name}")
    assert environments[0]["PGPASSWORD"] == CONTAINERS["postgres"]["environment"][f"PASSWORD_{name.upper()}"]
    others = [CONTAINERS[f"{other}-api"]["environment"]["PGPASSWORD"] for other in NAMES if other != name]
    assert environments[0]["PGPASSWORD"] not in others


@pytest.mark.parametrize("name", NAMES)
def test_a_service_understands_every_setting_it_is_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind: type[ServiceSettings] = importlib.import_module(f"{name}_service.settings").Settings
    environment = settings_of(f"{name}-api")
    for key, value in environment.items():
        monkeypatch.setenv(key, value)

    settings = kind.model_validate({})

    assert environment.keys() <= {f"PEERLOOM_{field.upper()}" for field in kind.model_fields}
    assert settings.environment == "local"
    assert settings.http_host == "0.0.0.0"


def test_the_issuer_understands_its_settings_and_has_one_name_in_every_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in settings_of("issuer").items():
        monkeypatch.setenv(key, value)

    settings = IssuerSettings.model_validate({})

    address = urlsplit(settings.url)
    assert (address.hostname, address.port) == ("issuer", settings.port), "services reach it under the name in its tokens"
    assert {settings_of(process)["PEERLOOM_AUTH_ISSUER"] for process in PROCESSES} == {settings.url}


@pytest.mark.parametrize("name", ["issuer", *(process for process in PROCESSES if not process.endswith("migrate"))])
def test_health_is_asked_where_the_process_answers(name: str) -> None:
    environment = settings_of(name)

    serves_at = environment.get("PEERLOOM_ISSUER_PORT") or environment["PEERLOOM_HTTP_PORT"]
    assert environment["PEERLOOM_HEALTH_PORT"] == serves_at
    assert CONTAINERS[name]["healthcheck"]["test"] == ["CMD", "healthy"]
    program = (ROOT / "services/Dockerfile").read_text().split("/app/bin/healthy\n")[1].split("\nEND\n")[0]
    assert '"/health/ready"' in program
    assert "PEERLOOM_HEALTH_PORT" in program


def test_kafka_makes_no_topic_by_itself_and_is_reached_from_inside_and_from_this_machine() -> None:
    environment = CONTAINERS["kafka"]["environment"]
    advertised = dict(listener.split("://") for listener in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listeners = dict(listener.split("://") for listener in environment["KAFKA_LISTENERS"].split(","))
    (port,) = CONTAINERS["kafka"]["ports"]

    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert {settings_of(process)["PEERLOOM_KAFKA_BOOTSTRAP"] for process in PROCESSES} == {advertised["INSIDE"]}
    assert f"{advertised['OUTSIDE']}{listeners['OUTSIDE']}" == port, "it advertises the port that is published"


def test_data_lies_in_volumes_that_go_with_the_stack() -> None:
    document = yaml.safe_load(COMPOSE_FILE.read_text())
    mounts = [mount for container in CONTAINERS.values() for mount in container.get("volumes", ())]
    places = dict(mount.split(":")[:2] for mount in mounts)

    assert places["postgres"] == "/var/lib/postgresql"
    assert places["kafka"] == CONTAINERS["kafka"]["environment"]["KAFKA_LOG_DIRS"]
    assert places["issuer"] == settings_of("issuer")["PEERLOOM_ISSUER_DIRECTORY"]
    assert all(volume is None for volume in document["volumes"].values()), "none is external"
    brought = [mount.split(":") for mount in mounts if mount.startswith(".")]
    assert brought
    assert all(mode == "ro" and (ROOT / place).exists() for place, _, mode in brought)


def settings_of(name: str) -> dict[str, str]:
    """The container's PEERLOOM_ environment, with what holds when nothing is set outside."""
    environment: dict[str, str] = CONTAINERS[name]["environment"]
    assert all(isinstance(value, str) for value in environment.values()), "YAML would write a boolean its own way"
    return {
        key: FROM_ENVIRONMENT.sub(lambda found: found["default"], value)
        for key, value in environment.items()
        if key.startswith("PEERLOOM_")
    }


def parts(value: str) -> re.Match[str]:
    found = FROM_ENVIRONMENT.search(value)
    assert found, f"{value} cannot be set from outside"
    return found


@pytest.mark.usefixtures("docker_compose")
def test_without_an_engine_there_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody-listens.sock")

    with pytest.raises(StackError, match=r"^No Docker engine answers \(.+\); start it, or take --stack embedded\.$"):
        ComposeStack.up()


def test_without_docker_there_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackError, match=r"^There is no `docker` here; .+--stack embedded\.$"):
        ComposeStack.up()
