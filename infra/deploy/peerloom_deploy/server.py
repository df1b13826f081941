"""Asks a real API server whether it would take every overlay: `python -m peerloom_deploy.server [OVERLAY …]`.

Needs `kubectl` and a KUBECONFIG of a cluster made for trying: namespaces are really made, because nothing can be dry-run in
one that is not there; all else is dry-run, by server-side apply with strict fields. Pod Security only warns about a Deployment,
so the pod of each workload is sent too. Warnings count as errors. Kinds of operators need their CRDs installed.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

OVERLAYS: Final = Path(__file__).parents[3] / "k8s" / "overlays"
_DRY: Final = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")

Object = dict[str, Any]


def main(names: list[str]) -> int:
    """The number of overlays that are refused, 0 at best; prints a JSON line with `apply_errors`."""
    wrong: dict[str, list[str]] = {}
    for name in names or sorted(path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml")):
        objects = [one for one in yaml.safe_load_all(_kubectl("kustomize", str(OVERLAYS / name))[1]) if one]
        wrong[name] = errors_of(objects)
        print(f"{name}: {len(objects)} objects, {len(wrong[name])} refused", *wrong[name], sep="\n  ")
    print(json.dumps({"key": "apply_errors", "value": sum(map(len, wrong.values())), "overlays": len(wrong)}))
    return sum(1 for errors in wrong.values() if errors)


def errors_of(objects: Iterable[Object]) -> list[str]:
    """What the server refuses or warns of, one line each."""
    found = list(objects)
    spaces = [one for one in found if one["kind"] == "Namespace"]
    errors = _send(["apply", "--server-side", "--force-conflicts"], spaces)
    for one in spaces:
        _kubectl("wait", "--for=create", "serviceaccount/default", "--namespace", one["metadata"]["name"], "--timeout=30s")
    errors += _send(["apply", "--server-side", "--force-conflicts", *_DRY], found)
    return errors + _send(
        ["create", *_DRY], [_pod(one) for one in found if "template" in (one.get("spec") or {}) and _runs(one)]
    )


def _runs(one: Object) -> bool:
    return str(one["apiVersion"]).startswith(("apps/", "batch/"))


def _pod(one: Object) -> Object:
    template, name = one["spec"]["template"], one["metadata"]["name"]
    spec = {key: value for key, value in template["spec"].items() if key != "serviceAccountName"}  # only dry-run as well
    claims = [{"name": each["metadata"]["name"], "emptyDir": {}} for each in one["spec"].get("volumeClaimTemplates", ())]
    spec["volumes"] = [*spec.get("volumes", ()), *claims]  # a StatefulSet adds those itself
    metadata = {"name": f"{one['kind'].lower()}-{name}", "namespace": one["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**metadata, "labels": template["metadata"]["labels"]}, "spec": spec}


def _send(arguments: list[str], objects: list[Object]) -> list[str]:
    if not objects:
        return []
    code, _, complaint = _kubectl(*arguments, "--filename=-", text=yaml.safe_dump_all(objects))
    lines = [line for line in complaint.splitlines() if line.strip()]
    return lines or (["kubectl failed without a word"] if code else [])


def _kubectl(*arguments: str, text: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(["kubectl", *arguments], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
