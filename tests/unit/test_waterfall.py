"""What `just trace` prints: the spans in order, and parts that add up to the whole."""

from pathlib import Path

import msgspec
import pytest

from deploy.traces.show import find, main
from deploy.traces.spans import KeptSpan, NoSpansError, Spans, decode
from deploy.traces.waterfall import budget, draw

MS = 1_000_000
BEGIN = 1_800_000_000 * 1_000_000_000
TRACE, ORDER = "4bf92f3577b34da6a3ce929d0e0e4736", "0192f000-0000-7000-8000-000000000001"


def span(
    service: str, name: str, start: float, end: float, *, trace: str = TRACE, instance: str = "a", **told: str | int
) -> KeptSpan:
    """From and to in milliseconds after the beginning."""
    attributes = {f"larder.{key}": value for key, value in told.items()}
    return KeptSpan(
        trace_id=trace,
        span_id="00f067aa0ba902b7",
        parent_id=None,
        service=service,
        instance=instance,
        name=name,
        start=BEGIN + round(start * MS),
        end=BEGIN + round(end * MS),
        attributes=dict(attributes),
        failed=False,
    )


def way(order: str = ORDER, later: float = 0.0, gateway: str = "a") -> list[KeptSpan]:
    """As the services send it: each its own when it is over."""
    return [
        span("gateway", "fan-out", 9.0 + later, 9.5 + later, key=order, receivers=3, instance=gateway),
        span("gateway", "write", 9.5 + later, 12 + later, key=order, instance=gateway, receivers=3),
        span("orders", "transaction", 1.0, 4.0, outcome="commit"),
        span("orders", "POST /api/orders", 0.0, 4.5, request_id="r-1"),
        span("relay", "outbox", 3.0, 6.0, key=order),
        span("relay", "publish", 6.0, 10.0, key=order),
    ]


def test_the_parts_follow_the_way_of_the_event_and_add_up_to_the_whole() -> None:
    parts = budget(way())
    assert [(part.service, part.took / MS) for part in parts] == [
        ("orders", 1.0),
        ("orders", 3.0),
        ("relay", 2.0),
        ("relay", 3.0),
        ("gateway", 0.0),  # it had it before the relay heard that it is stored
        ("gateway", 0.5),
        ("gateway", 2.5),
    ]
    assert sum(part.took for part in parts) == 12 * MS


def test_what_came_late_from_the_stream_is_not_the_relays() -> None:
    spans = [span("relay", "publish", 6.0, 7.0, key=ORDER) if each.name == "publish" else each for each in way()]
    assert [(part.service, part.took / MS) for part in budget(spans)][3:5] == [("relay", 1.0), ("gateway", 2.0)]


def test_of_two_orders_and_two_gateways_the_last_written_counts() -> None:
    other = "0192f000-0000-7000-8000-000000000002"
    spans = [*way(), *way(other, later=5.0, gateway="b"), *way(other, later=1.0)]
    assert sum(part.took for part in budget(spans)) == 17 * MS


@pytest.mark.parametrize("missing", ["POST /api/orders", "transaction", "outbox", "publish", "fan-out", "write"])
def test_there_is_no_sum_while_a_part_is_missing_and_the_rest_is_drawn(missing: str) -> None:
    spans = [each for each in way() if each.name != missing]
    assert budget(spans) == []
    assert len(draw(spans)) == 3 + len(spans)


def test_a_person_reads_the_spans_in_order_with_their_services_and_times() -> None:
    head, _, title, *lines = draw(way())
    assert head == f"POST /api/orders: request r-1, trace {TRACE}, 2027-01-15 08:00:00.000 UTC"
    assert title.endswith("12.00 ms")
    assert [line.split()[:4] for line in lines[:3]] == [
        ["0.00", "4.50", "ms", "orders"],
        ["1.00", "3.00", "ms", "orders"],
        ["3.00", "3.00", "ms", "relay"],
    ]
    bars = [line.index("█") for line in lines[:6]]
    assert bars == sorted(bars)
    assert len({line.index(" ms  ") for line in lines[:6]}) == 1
    assert lines[5].endswith("3 receivers")
    assert lines[7] == "    12.00 ms  from the request's arrival to its last frame written, of which"
    assert lines[-1] == "     2.50 ms  gateway  until every socket that reads had it"


def test_sockets_that_did_not_read_are_a_part_of_their_own() -> None:
    late = span("gateway", "wait", 9.5, 40, key=ORDER, waiting=2, written=1)
    assert budget([*way(), late])[-1] == ("gateway", "until the sockets that did not read had it", 28 * MS)
    assert draw([*way(), late])[8].endswith("1 of 2 written")
    assert draw([span("gateway", "write", 9.5, 12, receivers=1, waiting=1)])[-1].endswith("1 receiver 1 not reading")


def test_a_span_says_what_became_of_it() -> None:
    published = msgspec.structs.replace(
        span("relay", "publish", 0, 0), attributes={"messaging.destination.name": "orders.v1.r.o.OrderPlaced"}
    )
    assert draw([published])[-1].split()[-2:] == ["█", "OrderPlaced"]
    request = msgspec.structs.replace(
        span("orders", "GET /", 0, 1), attributes={"http.response.status_code": 500}, failed=True
    )
    assert draw([request])[-1].endswith("500 failed")


def test_spans_are_kept_in_two_bounded_files_and_a_line_that_is_not_whole_is_passed_over(tmp_path: Path) -> None:
    spans = Spans(tmp_path / "traces", file_bytes=1_000)
    for number in range(40):
        spans.add([span("orders", str(number), 0, 1)])
    kept = [each.name for each in spans.read()]
    assert kept == [str(number) for number in range(40 - len(kept), 40)]
    assert 3 < len(kept) < 20
    with (tmp_path / "traces" / "spans.jsonl").open("ab") as file:
        file.write(b'{"trace_id": "4bf')
    assert [each.name for each in spans.read()] == kept


def test_a_trace_is_found_by_what_a_person_has_at_hand() -> None:
    later = [span("orders", "GET /api/orders", 20, 21, trace="a" * 32, request_id="r-2")]
    spans = [*way(), *later]
    for what in (TRACE, f"00-{TRACE}-00f067aa0ba902b7-01", "r-1", ORDER, None):
        assert find(spans, what) == way(), what
    assert find(spans, "r-2") == later
    assert find(spans, "r-3") == []


def test_the_command_prints_it_or_says_where_traces_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LARDER_STATE", str(tmp_path))
    assert main([]) == 1
    assert "just up traces" in capsys.readouterr().err
    Spans(tmp_path / "traces").add(way())
    for arguments in ([], ["--last"], ["r-1"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out.splitlines() == draw(way())


def test_what_is_no_otlp_is_refused() -> None:
    with pytest.raises(NoSpansError):
        decode(b"\xffrubbish")
    assert decode(b"") == []
