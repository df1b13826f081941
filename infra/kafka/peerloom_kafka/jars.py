"""Kafka's jars and the Java that runs them: what is needed, where it lies, and how it gets there."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
# Serial collector and the quick compiler only: a broker is up a third sooner, and throughput does not suffer visibly.
JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")


class KafkaError(RuntimeError):
    """Kafka cannot be fetched, started or found; the text is a sentence for people."""


@functools.cache
def version() -> str:
    """The version of Kafka that pom.xml names."""
    named = re.search("<kafka.version>(.+)</kafka.version>", POM.read_text())
    assert named, "pom.xml names kafka.version"
    return named[1]


def cache() -> Path:
    """Where the jars of this version lie, or will lie."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "peerloom" / "kafka" / version()


def available() -> str | None:
    """Why Kafka cannot run here, in one sentence; None when it can (the first run may have to fetch the jars)."""
    try:
        java()
    except KafkaError as error:
        return str(error)
    if not (cache() / "jars").exists() and not shutil.which("mvn"):
        return "Maven (mvn) is not installed; it fetches Kafka's jars once (Debian: apt-get install maven)."
    return None


@functools.cache
def java() -> tuple[str, str]:
    """The java program and a short name of its build. Raises KafkaError without Java 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    program = (home and shutil.which(f"{home}/bin/java")) or shutil.which("java")
    advice = "install a JDK 17 or newer (Debian: apt-get install openjdk-17-jre-headless)"
    if not program:
        raise KafkaError(f"Java is not installed; {advice}.")
    text = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    major = re.search(r'version "(\d+)', text)
    if not major or int(major[1]) < 17:
        found = text.partition("\n")[0].strip() or "no version"
        raise KafkaError(f"Kafka {version()} needs Java 17 or newer, and {program} is {found}; {advice}.")
    return program, hashlib.sha256(text.encode()).hexdigest()[:12]


def class_archive() -> Path:
    """The classes of a started broker as this Java's JVM maps them into memory; it halves the time of a start."""
    return cache() / f"classes-{java()[1]}.jsa"


def command() -> list[str]:
    """How to run a main class of Kafka: Java, its options and the class path."""
    jars = os.pathsep.join(sorted(str(jar) for jar in (cache() / "jars").glob("*.jar")))
    archive = [f"-XX:SharedArchiveFile={class_archive()}", "-Xshare:auto"] if class_archive().exists() else []
    return [java()[0], *archive, *JVM_OPTIONS, "-cp", jars]


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One process at a time in `directory`; the kernel frees the lock when the process dies."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def download() -> None:
    """Let Maven copy the jars into the cache, all or nothing, unless they are there; call it under the cache's lock."""
    jars = cache() / "jars"
    if jars.exists():
        return
    if reason := available():
        raise KafkaError(reason)
    new = Path(tempfile.mkdtemp(prefix="jars.", dir=cache()))
    try:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={new}"]
        done = subprocess.run(
            ["mvn", "-q", "-B", "-ntp", "-C", "-f", str(POM), *goal], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise KafkaError(f"Maven could not fetch the jars of Kafka {version()}:\n{done.stdout}{done.stderr}")
        new.chmod(0o755)
        new.rename(jars)
    finally:
        shutil.rmtree(new, ignore_errors=True)
