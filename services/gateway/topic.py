"""A topic that a socket listens to: its name, who may have it, and what it is told of an event.

Refuses names that are not canonical, so that one order has one topic.
"""

from uuid import UUID

from services.gateway import sight
from services.gateway.entry import Entry
from services.gateway.sight import Told, Viewer

ORDER_PREFIX = "order:"
ALERTS = "alerts"
ONLY_FOR = {"offers": "driver", ALERTS: "admin"}


def order_of(name: str) -> UUID | None:
    """The order of `order:<id>`, None for the other topics. Raises ValueError when <id> is no UUID as UUIDs are
    written."""
    if not name.startswith(ORDER_PREFIX):
        return None
    text = name.removeprefix(ORDER_PREFIX)
    order_id = UUID(text)
    if str(order_id) != text.lower():
        raise ValueError(f"{text} is no UUID")
    return order_id


class Topic:
    """A name as one viewer hears it. `position`: while it replays, all up to there has been written."""

    __slots__ = ("_versions", "name", "order_id", "position", "viewer")

    def __init__(self, name: str, viewer: Viewer) -> None:
        """Raises ValueError for an order topic without an order."""
        self.order_id = order_of(name)
        self.name = name if self.order_id is None else f"{ORDER_PREFIX}{self.order_id}"
        self.viewer = viewer
        self.position = 0
        self._versions: dict[UUID, int] | None = None

    @property
    def has_past(self) -> bool:
        """Whether events of the stream can concern it."""
        return self.name != ALERTS

    def replayed(self, entry: Entry) -> Told | None:
        """What it hears of an event of the past. A version that was published twice is heard once."""
        told = self._sight(entry)
        if self._versions is None:
            self._versions = {}
        if told is None or entry.version <= self._versions.get(entry.order_id, 0):
            return None
        self._versions[entry.order_id] = entry.version
        return told

    def forget_versions(self) -> None:
        """The replay has ended: from here on the hub skips what comes twice."""
        self._versions = None

    def _sight(self, entry: Entry) -> Told | None:
        if self.name == "orders":
            return sight.on_orders(entry.audience, self.viewer)
        if self.name == "offers":
            return sight.on_offers(entry.audience, self.viewer)
        return sight.on_order(entry.audience, self.viewer) if self.order_id == entry.order_id else None
