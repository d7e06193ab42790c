"""What the realtime rows make of what they saw."""

import asyncio
import re
import resource
from math import inf, isnan
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from deploy.local import Layout, Stack, StackError
from deploy.local.programs import Wiring, replicas_of
from loadtests.bench import metrics, node
from loadtests.bench.metrics import Histogram
from loadtests.bench.realtime import crowd, frames, latency, unconcerned
from loadtests.bench.realtime.crowd import SocketIoEar, Tally
from loadtests.bench.realtime.events import Published
from loadtests.bench.realtime.frames import Came, UnevenError
from loadtests.bench.realtime.latency import Heard, LoadError, percentile
from loadtests.bench.realtime.unconcerned import Window


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_smallest_that_so_many_do_not_pass(share: float, expected: float) -> None:
    assert percentile([float(one) for one in range(100, 0, -1)], share) == expected


def test_a_percentile_of_few_is_one_of_them() -> None:
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([1.0, 2.0], 0.5) == 1.0


async def test_an_order_is_heard_from_when_it_was_due() -> None:
    heard = Heard()
    heard.expect([7])
    heard.due[7] = 0.0
    for _ in range(latency.OF_RESTAURANT + latency.OF_ADMINS):
        heard.hear(memoryview(b'{"type":"event","event":"OrderPlaced","order":{"note":"bench 00000007","x":1}}'))
    assert await asyncio.wait_for(heard.complete(), 1)
    assert len(heard.latencies()) == 5
    assert all(seconds > 0 for seconds in heard.latencies())


async def test_an_order_heard_too_often_or_too_seldom_is_no_measurement() -> None:
    heard = Heard()
    heard.expect([7, 8])
    for number in (7, 7, 7, 7, 8, 8, 8, 8, 8, 8):
        heard.hear(memoryview(b'{"type":"event","event":"OrderPlaced","order":{"note":"bench 0000000%d"}}' % number))
    with pytest.raises(LoadError, match="2 orders"):
        heard.latencies()


async def test_later_steps_of_an_order_are_not_its_placing() -> None:
    heard = Heard()
    heard.expect([7])
    heard.hear(memoryview(b'{"type":"event","event":"OrderConfirmed","order":{"note":"bench 00000007"}}'))
    assert heard.frames == {7: []}


async def test_a_tally_waits_for_what_comes_after_it_was_asked() -> None:
    tally = Tally()
    tally.hear(memoryview(b"one"))
    expected = asyncio.ensure_future(tally.expect(2))
    await asyncio.sleep(0)
    tally.hear(memoryview(b"two"))
    await asyncio.sleep(0)
    assert not expected.done()
    tally.hear(memoryview(b"three"))
    assert await asyncio.wait_for(expected, 1)
    assert (tally.frames, tally.octets) == (3, 11)


def test_sides_that_send_other_bytes_are_not_compared() -> None:
    frames.compare_sizes(Came(100, 300_000, 1.0), Came(50, 151_000, 1.0))
    with pytest.raises(UnevenError, match="3,000 bytes on one side and 3,100"):
        frames.compare_sizes(Came(100, 300_000, 1.0), Came(100, 310_000, 1.0))


@pytest.mark.parametrize("around", [b"%s", b'42["event",%s]'])
def test_a_side_that_sends_another_order_is_not_compared(around: bytes) -> None:
    sent = Published(UUID(int=1), "orders.v1.x", b"", b'{"type":"event","seq":1,"order":{"id":"a"}}')
    frames.check_frame("ws", around % sent.frame.replace(b'"seq":1', b'"seq":9'), [sent])
    with pytest.raises(UnevenError, match="ws sent another order"):
        frames.check_frame("ws", around % sent.frame.replace(b'"a"', b'"b"'), [sent])


def test_socket_io_is_given_an_event_as_its_emitter_packs_it() -> None:
    uid, packet, options = msgspec.msgpack.decode(frames.emitted(b'{"type":"event","seq":1}'))
    assert uid == "emitter"
    assert packet == {"type": 2, "data": ["event", {"type": "event", "seq": 1}], "nsp": "/"}
    assert options == {"rooms": [], "except": [], "flags": {}}


async def test_a_socket_io_client_joins_once_it_is_open_and_is_ready_once_it_has_joined() -> None:
    said: list[bytes] = []

    class Ear(SocketIoEar):
        def say(self, text: bytes) -> None:
            said.append(text)

    ear = Ear(Tally().hear)
    ear.answer(b'0{"sid":"x","pingInterval":25000}')
    assert not ear.ready.done()
    ear.answer(b'40{"sid":"y"}')
    ear.answer(b"2")
    assert ear.ready.done()
    assert said == [b"40", b"3"]


def test_what_pings_cost_is_no_event_s() -> None:
    # 1,000 pings took 50 ms while nothing else came: 50 µs each.
    busy = [Window(events=1000, pings=0, few=0.1, many=0.1), Window(events=1000, pings=1000, few=0.1, many=0.15)]
    found = unconcerned.costs(busy, [Window(0, 400, 0.0, 0.02), Window(0, 600, 0.0, 0.03)])
    assert found.ping_us == pytest.approx(50)
    assert [cost.ratio for cost in found.rounds] == pytest.approx([1.0, 1.0])


def test_a_few_pings_tell_nothing_of_what_one_costs() -> None:
    found = unconcerned.costs([Window(1000, 3, 0.1, 0.12)], [Window(0, 3, 0.0, 0.01)])
    assert found.ping_us == 0
    assert found.value == pytest.approx(1.2)


def test_too_few_open_files_are_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    with pytest.raises(StackError, match="5,000 sockets need 5,500 open files; the system allows 4,096"):
        crowd.need_files(5_000)


def test_the_soft_limit_of_open_files_is_raised_as_far_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 20_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    crowd.need_files(100)
    crowd.need_files(5_000)
    assert limits == [(5_500, 20_000)]


@pytest.mark.parametrize(("part", "script"), [(frames.WS, "ws.js"), (frames.SOCKETIO, "socketio.js")])
def test_a_node_peer_is_given_every_setting_that_it_reads(tmp_path: Path, part: str, script: str) -> None:
    stack = Stack(Layout(state_dir=tmp_path / "state", base_port=20000))
    (service,) = (service for service in frames.WITH_PEERS.services if service.name == part)
    (program,) = replicas_of(service, Wiring(stack.addresses), 1, {})
    source = (node.PROJECT / script).read_text()
    (names,) = re.findall(r"const \{ (.*) \} = process\.env;", source)
    assert source.count("process.env") == 1
    assert set(names.split(", ")) <= set(program.environment)


METRICS = """\
# HELP lag_seconds Lag
# TYPE lag_seconds histogram
lag_seconds_bucket{context="orders",le="0.01"} 10.0
lag_seconds_bucket{context="orders",le="0.1"} 20.0
lag_seconds_bucket{context="orders",le="+Inf"} 20.0
lag_seconds_count{context="orders"} 20.0
lag_seconds_sum{context="orders"} 1.0
lag_seconds_bucket{context="catalog",le="0.01"} 7.0
lag_seconds_bucket{context="catalog",le="0.1"} 7.0
lag_seconds_bucket{context="catalog",le="+Inf"} 7.0
lag_seconds_count{context="catalog"} 7.0
lag_seconds_sum{context="catalog"} 0.0
"""


def test_a_histogram_is_found_by_its_name_and_labels() -> None:
    assert metrics.histogram(METRICS, "lag_seconds", context="orders") == Histogram([(0.01, 10), (0.1, 20), (inf, 20)])
    assert metrics.histogram(METRICS, "lag_seconds") is None
    assert metrics.histogram(METRICS, "other_seconds", context="orders") is None


def test_quantiles_are_even_within_a_bucket_and_of_what_came_since() -> None:
    now = Histogram([(0.01, 110), (0.1, 120), (inf, 120)])
    since = now.since(Histogram([(0.01, 100), (0.1, 100), (inf, 100)]))
    assert since.total == 20
    assert since.quantile(0.25) == pytest.approx(0.005)
    assert since.quantile(0.75) == pytest.approx(0.055)


def test_a_quantile_above_the_last_bound_is_that_bound_and_of_nothing_there_is_none() -> None:
    assert Histogram([(0.01, 1), (inf, 10)]).quantile(0.99) == 0.01
    assert isnan(Histogram([(0.01, 0), (inf, 0)]).quantile(0.5))
