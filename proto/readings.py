"""What processes tell of their metrics when they are asked over NATS.

Owned by analytics, which asks; every process answers. A reading has the name, labels and value of a line in the
process's own /metrics, so a rule means here what it means to Prometheus.
"""

import msgspec


class ReadingsAsked(msgspec.Struct, frozen=True):
    """The samples that are wanted, by their full names: `larder_http_seconds_bucket`."""

    names: tuple[str, ...]


class Sample(msgspec.Struct, frozen=True, array_like=True):
    name: str
    labels: dict[str, str]
    value: float


class Readings(msgspec.Struct, frozen=True):
    """`job` is the service, `instance` tells its replicas apart: Prometheus's labels of the same names."""

    job: str
    instance: str
    samples: list[Sample]
