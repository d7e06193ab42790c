"""What a running Larder tells of itself: each fault raises its alert and only that, and what is exported is bounded.

`just faults` is the long form: the same with the rules' times as they are.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import Stack
from tests import faults
from tests.faults import FAULTS, World
from tests.support import bearer, eventually, identity, own_stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack(faults.REPLICAS, only=faults.PARTS, settings=faults.settings(faults.HURRY)) as stack:
        yield stack


@pytest.fixture(scope="module")
async def world(stack: Stack) -> AsyncIterator[World]:
    async with faults.open_world(stack) as world:
        yield world


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_raises_its_alert_and_only_that(world: World, fault: str) -> None:
    seen = await faults.show(world, fault)
    assert set(seen.began) == {FAULTS[fault][0]}


async def test_all_that_an_admin_was_told_is_kept(world: World) -> None:
    admin = bearer(world.stack, identity("admin"))
    status, page = await world.send("GET", "/api/performance/alerts?limit=100", admin)
    assert status == 200
    assert page["firing"] == []
    assert sorted(alert["name"] for alert in page["items"]) == sorted(world.began)
    assert all(alert["since"] <= alert["until"] <= page["as_of"] for alert in page["items"])


# --- what is exported

SERVICES = {"accounts", "analytics", "catalog", "gateway", "orders", "relay"}

LABELS = {
    *("answer", "came", "code", "context", "durable", "kind", "method", "now", "outcome", "pool", "query", "reason"),
    *("role", "route", "server", "severity", "source", "state", "status", "stream", "vital", "why"),
}
"""Every label there is. Each has as many values as there are of something in the code: never one a person, an order, an
address or a path."""

OTHER_UNITS = re.compile("batch|shift")
"""Of histograms that count events or say a share of the page; all others are of seconds."""

MOST_VALUES = 250
"""Of one label in one process: there are some two hundred queries."""

ID_OR_PATH = re.compile(r"[0-9a-f]{8}-|[0-9a-f]{16}|@|/\d|\?|\d{5,}")

SOMETHING_NOBODY_SERVES = ("/api/orders/nothing/1234", "/api/orders?limit=1&x=99999", "/api/nowhere")


async def exported(stack: Stack) -> dict[str, str]:
    """The text of every process, by its name."""
    texts = {}
    async with aiohttp.ClientSession() as session:
        for row in stack.status():
            if row.name.rpartition("-")[0] in SERVICES:
                async with session.get(f"http://{row.address}/metrics") as answer:
                    texts[row.name] = await answer.text()
    return texts


def families(text: str) -> Iterator[Metric]:
    """Ours: what the client library tells of Python and of the process is its own."""
    for family in text_string_to_metric_families(text):
        if not family.name.startswith(("python_", "process_")):
            yield family


def label_values(family: Metric) -> dict[str, set[str]]:
    values: dict[str, set[str]] = defaultdict(set)
    for sample in family.samples:
        for label in sample.labels.keys() - {"le"}:
            values[label].add(sample.labels[label])
    return values


async def test_every_process_exports_well_formed_names(world: World) -> None:
    texts = await exported(world.stack)
    assert {name.rpartition("-")[0] for name in texts} == SERVICES
    for process, text in texts.items():
        for family in families(text):
            assert re.fullmatch(r"larder_[a-z]+(_[a-z]+)*", family.name), (process, family.name)
            assert family.documentation, (process, family.name)
            if family.type == "histogram" and not OTHER_UNITS.search(family.name):
                assert family.name.endswith("_seconds"), (process, family.name)


async def test_no_label_has_a_value_for_each_of_what_grows(world: World) -> None:
    for path in SOMETHING_NOBODY_SERVES:
        for method in ("GET", "POST", "PROPFIND"):
            await world.send(method, path, world.as_restaurant)
    for process, text in (await exported(world.stack)).items():
        for family in families(text):
            for label, seen in label_values(family).items():
                assert label in LABELS, (process, family.name, label)
                assert len(seen) <= MOST_VALUES, (process, family.name, label)
                assert not [value for value in seen if ID_OR_PATH.search(value)], (process, family.name, label)


async def test_a_method_that_nobody_knows_is_no_label_of_its_own(world: World) -> None:
    async def counted() -> bool:
        await world.send("PROPFIND", "/api/orders", world.as_restaurant)
        methods = re.findall(r'larder_http_seconds_count\{method="(\w+)"', (await exported(world.stack))["orders-0"])
        return "other" in methods and "PROPFIND" not in methods

    await eventually(counted)
