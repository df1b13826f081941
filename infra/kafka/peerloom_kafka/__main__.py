"""The command line: python -m peerloom_kafka fetch | start | stop | kill N | restart N | status."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from peerloom_kafka import KafkaCluster, KafkaError


def main() -> int:
    """Exit code 0; 1 with a sentence on stderr when something is in the way; 3 from `status` when not all is ready."""
    # So that a half-started cluster is taken down when the command itself is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments().parse_args()
    try:
        return run(options)
    except KafkaError as error:
        print(f"kafka: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def arguments() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(prog="peerloom_kafka", description="Apache Kafka on 127.0.0.1, from Maven's jars.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("fetch", help="download the jars once, and make the class archive")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--directory", type=Path, default=Path("build/kafka"), help="of the cluster (%(default)s)")
    start = commands.add_parser("start", parents=[where], help="start a cluster, or those of its brokers that are down")
    start.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="only when it is new (%(default)s)")
    start.add_argument("--port", type=int, help="of the first broker, only when it is new (default: free ones)")
    stop = commands.add_parser("stop", parents=[where], help="stop all brokers; their data stays")
    stop.add_argument("--wipe", action="store_true", help="kill them and delete the directory")
    for name, text in (("kill", "end one broker by SIGKILL"), ("restart", "start one broker again")):
        commands.add_parser(name, parents=[where], help=text).add_argument("number", type=int)
    commands.add_parser("status", parents=[where], help="show the brokers; exit code 3 when not all are ready")
    return parser


def run(options: argparse.Namespace) -> int:
    """Carry out the command and return its exit code. Raises: KafkaError."""
    if options.command == "fetch":
        print(KafkaCluster.fetch())
        return 0
    exists = (options.directory / "cluster.json").exists()
    if options.command == "start":
        if exists:
            cluster = KafkaCluster.load(options.directory)
            cluster.restart(*(broker.number for broker in cluster.brokers if not broker.runs))
        else:
            cluster = KafkaCluster.start(options.brokers, options.directory, port=options.port, tied=False)
    elif options.command == "stop" and not exists:
        return 0
    else:
        cluster = KafkaCluster.load(options.directory)
    if options.command == "stop":
        cluster.stop(wipe=options.wipe)
        return 0
    if options.command == "kill":
        cluster.kill(options.number)
    elif options.command == "restart":
        cluster.restart(options.number)
    status = cluster.status()
    print(f"bootstrap {cluster.bootstrap}", *(f"broker {number} {state}" for number, state in status.items()), sep="\n")
    return 3 if options.command == "status" and set(status.values()) != {"ready"} else 0


if __name__ == "__main__":
    sys.exit(main())
