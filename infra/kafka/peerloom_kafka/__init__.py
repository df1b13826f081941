"""Apache Kafka's own jars, fetched by Maven and run as KRaft on this machine. See the README beside this package."""

from peerloom_kafka.cluster import KafkaCluster
from peerloom_kafka.jars import KafkaError, available
from peerloom_kafka.ports import free_ports

__all__ = ["KafkaCluster", "KafkaError", "available", "free_ports"]
