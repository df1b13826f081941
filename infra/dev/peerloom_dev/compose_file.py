"""Writes the services into docker-compose.yml, from their manifests: `python -m peerloom_dev.compose_file [--check]`.

What stands between two marks is written; all around it (servers, issuer, what containers have in common) is edited by hand.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from typing import Final

from peerloom_dev.compose import COMPOSE_FILE
from peerloom_dev.stack import SERVICES
from peerloom_service.manifest import Manifest


def rendered(text: str, services: Sequence[Manifest] = SERVICES) -> str:
    """The file with the services written anew. Raises: ValueError where a mark is missing."""
    for mark, write in _REGIONS.items():
        begin, end = (re.search(rf"^ *# <{slash}{mark}>\n", text, re.MULTILINE) for slash in ("", "/"))
        if begin is None or end is None:
            raise ValueError(f"{COMPOSE_FILE.name} has no region between `# <{mark}>` and `# </{mark}>`")
        text = text[: begin.end()] + write(services) + text[end.start() :]
    return text


def main() -> int:
    """Exit code 1 when `--check` finds that the file is not what the manifests say."""
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    wanted = rendered(text)
    if text != wanted and "--check" in sys.argv:
        print(f"{COMPOSE_FILE.name}: not as the manifests say; run `make contracts-accept` and look at the diff")
        return 1
    COMPOSE_FILE.write_text(wanted, encoding="utf-8")
    print(f"{COMPOSE_FILE.name}: {len(SERVICES)} services, " + ("as their manifests say" if text == wanted else "written"))
    return 0


def _passwords(services: Sequence[Manifest]) -> str:
    """A password for each service's role in PostgreSQL."""
    lines = (f"  PASSWORD_{one.name.upper()}: {_variable('PASSWORD', one, f'local-{one.name}')}\n" for one in services)
    return "x-passwords: &passwords\n" + "".join(lines)


def _environments(services: Sequence[Manifest]) -> str:
    """What the processes of each service have in common."""
    return "".join(_environment(one) for one in services)


def _environment(one: Manifest) -> str:
    local = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in sorted(one.local.items()))
    return f"""\

x-{one.name}: &{one.name}
  image: peerloom/{one.name}:local
  environment:
    <<: *environment
    PEERLOOM_DATABASE_URL: postgresql://{one.name}@postgres/{one.name}
    PGPASSWORD: {_variable("PASSWORD", one, f"local-{one.name}")}
{local}"""


def _containers(services: Sequence[Manifest]) -> str:
    """The containers of each service: `migrate`, which ends, and its processes."""
    return "\n".join(_containers_of(one) for one in services)


def _containers_of(one: Manifest) -> str:
    lines = f"""\
  {one.name}-migrate:
    <<: [*{one.name}, *migration]
    build: {{context: ., dockerfile: services/Dockerfile, args: {{SERVICE: {one.name}}}}}
"""
    migrated = f"{one.name}-migrate: {{condition: service_completed_successfully}}"
    for process in one.processes:
        verifies = ", issuer: {condition: service_healthy}" if process == "api" else ""
        lines += f"""\
  {one.name}-{process}:
    <<: [*{one.name}, *process]
    command: [{process}]
    depends_on: {{{migrated}{verifies}}}
"""
        if process == "api":
            lines += f'    ports: ["127.0.0.1:{_variable("PORT", one, str(one.port))}:8000"]\n'
    return lines


def _demo(services: Sequence[Manifest]) -> str:
    """What the main job waits for."""
    names = [f"{one.name}-{process}" for one in services for process in one.processes]
    return "    depends_on:\n" + "".join(f"      {name}: {{condition: service_healthy}}\n" for name in names)


def _variable(kind: str, one: Manifest, otherwise: str) -> str:
    return f"${{PEERLOOM_{kind}_{one.name.upper()}:-{otherwise}}}"


_REGIONS: Final[dict[str, Callable[[Sequence[Manifest]], str]]] = {
    "passwords": _passwords,
    "environments": _environments,
    "demo": _demo,
    "containers": _containers,
}

if __name__ == "__main__":
    sys.exit(main())
