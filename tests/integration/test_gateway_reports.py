"""What pages report of themselves: what is counted and logged of it, what is refused, and how often somebody may."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from deploy.local import Stack
from shared.identity import Identity
from shared.ids import new_id
from tests.gateway import Gate, driver, open_gate
from tests.support import bearer

ERROR = {"name": "TypeError", "message": "x is undefined", "stack": "at f (/assets/a.js?v=secret:1:2)"}


@pytest.fixture(scope="module")
async def gate(stack: Stack, relay: None) -> AsyncIterator[Gate]:
    async with open_gate(stack, LARDER_RATE_REPORTS_ANONYMOUS_PER_MINUTE="2") as gate:
        yield gate


async def report(gate: Gate, who: Identity | None = None, **told: Any) -> tuple[int, str]:
    body = {"page": "/orders/:id", "build": "abc123", **told}
    headers = bearer(gate.stack, who) if who is not None else {"X-Forwarded-For": str(new_id())}
    async with gate.session.post(f"{gate.url}/api/realtime/reports", json=body, headers=headers) as answer:
        return answer.status, await answer.text()


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_an_error_of_a_page_is_counted_and_logged_without_query_strings(
    gate: Gate, capfd: pytest.CaptureFixture[str]
) -> None:
    before = counted("larder_page_errors_total", role="driver")
    assert await report(gate, driver(), errors=[ERROR]) == (204, "")
    assert counted("larder_page_errors_total", role="driver") == before + 1
    said = capfd.readouterr()
    line = next(line for line in (said.out + said.err).splitlines() if "a page failed" in line)
    for shown in ("TypeError", "x is undefined", "/orders/:id", "abc123"):
        assert shown in line
    assert "secret" not in line


async def test_vitals_and_latencies_are_counted_by_role(gate: Gate) -> None:
    names = {
        "larder_page_vital_seconds_sum": {"vital": "LCP", "role": "nobody"},
        "larder_page_layout_shift_sum": {"role": "nobody"},
        "larder_page_event_seconds_sum": {"role": "nobody"},
    }
    before = {name: counted(name, **labels) for name, labels in names.items()}
    vitals = [{"name": "LCP", "value": 1500}, {"name": "CLS", "value": 0.25}]
    assert await report(gate, vitals=vitals, latencies_ms=[20]) == (204, "")
    found = [counted(name, **labels) - before[name] for name, labels in names.items()]
    assert found == pytest.approx([1.5, 0.25, 0.02])


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("errors", {"errors": [ERROR] * 6}),
        ("errors[0].message", {"errors": [{**ERROR, "message": "x" * 501}]}),
        ("vitals[0].name", {"vitals": [{"name": "SPEED", "value": 1}]}),
        ("vitals[0].value", {"vitals": [{"name": "LCP", "value": -1}]}),
        ("latencies_ms", {"latencies_ms": [1] * 21}),
        ("latencies_ms[0]", {"latencies_ms": [1e9]}),
        ("page", {"page": "orders"}),
        ("build", {"build": "<b>"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_report_is_refused_and_the_field_named(
    gate: Gate, field: str, changed: dict[str, Any]
) -> None:
    status, text = await report(gate, driver(), **changed)
    assert status == 400
    assert field in [error["field"] for error in json.loads(text)["errors"]]


async def test_who_reports_too_often_is_told_to_wait_and_others_are_not(gate: Gate) -> None:
    url, address = f"{gate.url}/api/realtime/reports", {"X-Forwarded-For": str(new_id())}
    body = {"page": "/", "build": "abc", "latencies_ms": [1]}
    found = []
    for _ in range(3):
        async with gate.session.post(url, json=body, headers=address) as answer:
            found.append(answer.status)
    assert found == [204, 204, 429]
    assert (await report(gate))[0] == 204
