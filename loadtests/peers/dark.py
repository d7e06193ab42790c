"""`python -m loadtests.peers.dark services.orders`: a service that tells nothing of itself.

What telemetry is measured against: the same code, where counting, timing and logging are nothing at all. Not for use:
it has no metrics, and so no alerts.
"""

import logging
import runpy
import sys
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from shared import log


def _nothing(*_: Any, **__: Any) -> None:
    """In place of counting."""


def _itself(metric: MetricWrapperBase, *_: Any, **__: Any) -> MetricWrapperBase:
    """In place of looking for the child with these labels."""
    return metric


def darken() -> None:
    """Before anything of the service is imported."""
    patched: tuple[tuple[type[MetricWrapperBase], tuple[str, ...]], ...] = (
        (Counter, ("inc",)),
        (Gauge, ("inc", "dec", "set", "set_function")),
        (Histogram, ("observe",)),
    )
    for metric, methods in patched:
        for method in methods:
            setattr(metric, method, _nothing)
    setattr(MetricWrapperBase, "labels", _itself)  # noqa: B010  to mypy an assignment is a mistake here, as it would be
    configure = log.configure
    log.configure = lambda form, program, level=logging.CRITICAL: configure(form, program, logging.CRITICAL)  # noqa: ARG005


if __name__ == "__main__":
    darken()
    runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
