"""Judging: each few seconds the processes are asked, the rules evaluated, and what changed is kept and told.

Invariants: of all replicas one judges, the holder of a lease in the database; what fires is known to the next one. A
change is told only once it is kept, and what could not be kept did not happen: the next round begins from what is
stored. While NATS is away nobody can be asked, so nothing is judged, nothing begins and nothing is over; gateways say
so by themselves. What a rule says is said with the value of the moment in which it began.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
import structlog
from prometheus_client import Gauge

from proto.alerts import Alerts, FiringAlert
from proto.streams import ALERTS
from services.analytics.alerts import store as alerts_store
from services.analytics.alerts.expressions import Memory, Vector
from services.analytics.alerts.rules import Rule, compile_rules, say
from services.analytics.alerts.states import Began, Ended, Key, States
from shared.bus import Bus
from shared.database import Pool, connection, transaction
from shared.ids import new_id
from shared.vitals import BusAwayError, gather_readings

LEASE_ROUNDS = 3
LEAST_LEASE_SECONDS = 2.0

FIRING = Gauge(
    "larder_alerts_firing", "Alerts that fire, by the replica that judges them; 0 by the others", ["severity"]
)

_encoder = msgspec.json.Encoder()
_log = structlog.get_logger("alerts")


class LostLeaseError(Exception):
    """This replica took so long that another one judges."""


class Watch:
    """One replica's. `every` is in seconds; `hurry` shortens every time in the rules by that factor, for rehearsals.
    `run` ends only by cancellation."""

    def __init__(
        self,
        rules: Sequence[Rule],
        pool: Pool,
        bus: Bus,
        holder: str,
        now: Callable[[], datetime],
        *,
        every: float,
        hurry: float = 1.0,
    ) -> None:
        self._pool, self._bus, self._holder, self._now, self._every = pool, bus, holder, now, every
        self._rules, self._names = compile_rules(rules, hurry)
        self._texts = {rule.name: rule for rule in rules}
        self._memory = Memory(every)
        self._states: States | None = None
        self._firing: dict[Key, FiringAlert] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                try:
                    await self.judge()
                except Exception as error:  # noqa: BLE001  it outlives whatever database and bus have
                    self._states = None
                    await _log.awarning("alerts cannot be judged, trying again", error=repr(error))
                await asyncio.sleep(max(0.0, began + self._every - loop.time()))
        finally:
            await self._release()

    async def judge(self) -> bool:
        """One round. Whether this replica was the one to judge, and could. Raises LostLeaseError, and what the database
        has."""
        if not await self._claim():
            self._stand_back()
            return False
        if self._states is None:
            await self._take_over()
        try:
            answers = await gather_readings(self._bus, sorted(self._names))
        except BusAwayError as error:
            await _log.awarning("nobody can be asked: alerts stay as they are", error=str(error))
            return False
        at = asyncio.get_running_loop().time()
        now = self._memory.take(at, answers)
        holding: dict[str, Vector] = {}
        for one in self._rules:
            value = one.expression.value(now)
            holding[one.rule.name] = {} if isinstance(value, float) else value
        assert self._states is not None  # noqa: S101  taken over above
        judged_at = self._now()
        await self._keep(self._states.advance(at, holding), judged_at)
        await self._tell(judged_at)
        return True

    def _stand_back(self) -> None:
        """Somebody else judges, and tells what fires."""
        self._states = None
        _count_firing(())

    async def _claim(self) -> bool:
        seconds = max(LEASE_ROUNDS * self._every, LEAST_LEASE_SECONDS)
        async with connection(self._pool) as claiming:
            return await alerts_store.claim_judge(claiming, self._holder, seconds)

    async def _release(self) -> None:
        try:
            async with connection(self._pool) as releasing:
                await alerts_store.release_judge(releasing, self._holder)
        except Exception as error:  # noqa: BLE001  the lease ends by itself
            _log.warning("the judge's lease was not given back", error=repr(error))

    async def _take_over(self) -> None:
        """From what is stored: what fires goes on firing, and what no rule is about any more is over."""
        async with transaction(self._pool) as reading:
            stored = await alerts_store.list_firing(reading)
            unknown = [alert.id for alert in stored if alert.name not in self._texts]
            if unknown:
                await alerts_store.end_alerts(reading, unknown, self._now())
        self._firing = {_key_of(alert): alert for alert in stored if alert.id not in unknown}
        self._states = States(self._rules, self._firing, asyncio.get_running_loop().time())

    async def _keep(self, changes: Sequence[Began | Ended], at: datetime) -> None:
        """What changed, and that it was judged. Raises LostLeaseError."""
        began = {change.key: self._alert(change, at) for change in changes if isinstance(change, Began)}
        ended = [change.key for change in changes if isinstance(change, Ended)]
        async with transaction(self._pool) as writing:
            if not await alerts_store.note_judged(writing, self._holder, at):
                self._stand_back()
                raise LostLeaseError("another replica judges by now")
            if ended:
                await alerts_store.end_alerts(writing, [self._firing[key].id for key in ended], at)
            if began:
                await alerts_store.insert_alerts(writing, list(began.values()))
        for key in ended:
            alert = self._firing.pop(key)
            await _log.ainfo("alert is over", alert=alert.name, labels=alert.labels)
        self._firing |= began
        for alert in began.values():
            await _log.awarning("alert", alert=alert.name, labels=alert.labels, summary=alert.summary)

    def _alert(self, change: Began, at: datetime) -> FiringAlert:
        rule = self._texts[change.key.name]
        return FiringAlert(
            id=new_id(),
            name=rule.name,
            severity=rule.severity,
            labels=dict(change.key.labels),
            summary=say(rule.summary, change.key.labels, change.value),
            action=say(rule.action, change.key.labels, change.value),
            runbook=rule.runbook,
            value=change.value,
            since=at,
        )

    async def _tell(self, at: datetime) -> None:
        firing = sorted(self._firing.values(), key=lambda alert: alert.id, reverse=True)
        _count_firing(firing)
        await self._bus.client.publish(ALERTS, _encoder.encode(Alerts(at, tuple(firing))))


def _count_firing(firing: Iterable[FiringAlert]) -> None:
    by_severity = Counter(alert.severity for alert in firing)
    for severity in ("page", "ticket"):
        FIRING.labels(severity).set(by_severity[severity])


# Each has a series from the start.
_count_firing(())


def _key_of(alert: FiringAlert) -> Key:
    return Key(alert.name, tuple(sorted(alert.labels.items())))
