"""A service's manifest says what the service is: whoever deploys, documents or tests it need not read its code."""

import importlib
from pathlib import Path

import pytest
from fastapi import FastAPI

from peerloom_dev.compose import COMPOSE_FILE
from peerloom_dev.compose_file import rendered
from peerloom_dev.stack import BASE_PORT, SERVICES
from peerloom_events import event_types
from peerloom_service.manifest import Manifest, ManifestError, manifests
from peerloom_service.service import Service
from tests.architecture.imports import contracts

MANIFESTS = [pytest.param(one, id=one.name) for one in SERVICES]
ONE = """name = "guild"\ndescription = "Guilds."\nport = 8106\n[scopes]\n"guilds:read" = "Read guilds."\n"""


def service_of(manifest: Manifest) -> Service:
    service: Service = importlib.import_module(f"{manifest.module}.main").service
    return service


def test_every_folder_of_a_service_has_a_manifest_of_its_name() -> None:
    folders = {path.parent.name for path in COMPOSE_FILE.parent.glob("services/*/pyproject.toml")}

    assert {one.name for one in SERVICES} == folders >= {"profile", "matching", "sessions", "feedback", "analytics"}


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_it_explains_every_scope_that_a_route_asks_for_and_no_other(manifest: Manifest) -> None:
    app = FastAPI()
    app.include_router(service_of(manifest).routes)
    operations = [one for path in app.openapi()["paths"].values() for one in path.values()]

    asked = {scope for one in operations for way in one["security"] for scopes in way.values() for scope in scopes}
    assert asked == manifest.scopes.keys()
    assert all(meaning.endswith(".") for meaning in manifest.scopes.values()), "a meaning is a sentence"


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_it_names_the_topics_that_the_service_reads_and_sends_to(manifest: Manifest) -> None:
    service = service_of(manifest)
    own = {event.topic.name for event in event_types().values() if event.service() == manifest.name}

    assert set(manifest.publishes) == own
    assert set(manifest.subscribes) == {kind.topic.name for kind in service.subscribes}
    assert set(manifest.tasks) == {kind.topic.name for kind in service.tasks}


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_who_reads_or_sends_events_has_a_worker(manifest: Manifest) -> None:
    service = service_of(manifest)

    assert "api" in manifest.processes
    if service.subscribes or service.tasks or service.jobs or manifest.publishes:
        assert "worker" in manifest.processes, "events are sent, read and worked off by the worker"


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_settings_for_one_machine_are_settings_of_the_service(manifest: Manifest) -> None:
    known = {f"PEERLOOM_{field.upper()}" for field in service_of(manifest).settings.model_fields}

    assert manifest.local.keys() <= known


def test_ports_follow_the_issuers() -> None:
    assert all(0 < one.port - BASE_PORT < 32 for one in SERVICES), "32 behind the issuer's is PostgreSQL's"


def test_a_new_service_is_found_by_its_folder(tmp_path: Path) -> None:
    written(tmp_path, "guild", ONE)

    (guild,) = manifests(tmp_path)

    assert (guild.name, guild.module, guild.port, guild.organisation_scopes) == (
        "guild",
        "guild_service",
        8106,
        ("guilds:read",),
    )
    assert guild.processes == ("api", "worker")


def test_a_new_service_is_in_compose_and_in_the_import_contracts_at_once(tmp_path: Path) -> None:
    written(tmp_path, "guild", ONE)
    services = [*SERVICES, *manifests(tmp_path)]

    compose = rendered(COMPOSE_FILE.read_text(), services)
    settings = contracts([one.module for one in services])

    for line in ("PASSWORD_GUILD: ", "x-guild: &guild", "guild-migrate:", "guild-api:", "guild-worker:", ":-8106}:8000"):
        assert line in compose
    assert "guild_service" in settings["root_packages"]
    assert any("guild_service.domain" in contract.get("source_modules", ()) for contract in settings["contracts"])
    assert "{service}" not in str(settings)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (ONE.replace("8106", "8107").replace("guilds:", "clubs:"), "name guild"),
        (ONE.replace("guild", "club"), "port 8106"),
        (ONE.replace('"guild"', '"club"').replace("8106", "8107"), "scope guilds:read"),
    ],
)
def test_two_services_share_no_name_port_or_scope(tmp_path: Path, other: str, shared: str) -> None:
    written(tmp_path, "guild", ONE)
    written(tmp_path, "club", other)

    with pytest.raises(ManifestError, match=shared):
        manifests(tmp_path)


@pytest.mark.parametrize(
    "wrong", ["name = ", 'queue = "x"\n' + ONE, 'operator_scopes = ["x"]\n' + ONE, ONE.replace("guild", "Guild!")]
)
def test_a_wrong_manifest_is_refused_by_the_name_of_its_file(tmp_path: Path, wrong: str) -> None:
    file = written(tmp_path, "guild", wrong)

    with pytest.raises(ManifestError, match=str(file)):
        manifests(tmp_path)


def written(services: Path, name: str, text: str) -> Path:
    """The manifest of a service of this name, below a folder of services."""
    file = services / name / f"{name}_service" / "manifest.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file
