"""The frames of the socket protocol `larder.v1`, both directions.

Owned by the gateway; `docs/realtime.md` is the reference for people. Frames are JSON text tagged by `type`. A client
frame with an unknown type or field is refused (close 4400); clients must ignore fields they do not know.
Positions are per topic: (epoch, seq) says that everything up to seq has been seen on it. A `position` in a frame is
another thing: how far the database's log was by then. It is there where answers may come from a replica.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from proto.alerts import FiringAlert

SUBPROTOCOL = "larder.v1"

MAX_FRAME_BYTES = 4096
"""A client's frames are small: the largest, a hello, has a ticket and a position."""

MAX_TOPICS = 50


class CloseCode:
    """Why a socket was closed by the server. 4408 and 1012 ask the client to come back and resume."""

    RESTART = 1012
    BAD_FRAME = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN_TOPIC = 4403
    TOO_SLOW = 4408
    TOO_MANY_SOCKETS = 4409
    TOO_MANY_REQUESTS = 4429


Ticket = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
# Not $, which lets a line break at the end through.
Topic = Annotated[str, msgspec.Meta(pattern=r"^(orders|offers|alerts|order:[0-9a-fA-F-]{36})(?![\s\S])")]


LogPosition = Annotated[str, msgspec.Meta(description="Send it as X-Larder-Position")] | msgspec.UnsetType


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in the ORDERS stream: valid only under its epoch."""

    epoch: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Annotated[int, msgspec.Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="type", forbid_unknown_fields=True):
    """The first frame. `resume` is the default position of the topics subscribed later."""

    ticket: Ticket
    resume: Position | None = None


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe", tag_field="type", forbid_unknown_fields=True):
    """Begins a topic, anew if it is subscribed already: after the position, or from now on."""

    topic: Topic
    after: Position | None = None


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe", tag_field="type", forbid_unknown_fields=True):
    """Ends a topic."""

    topic: Topic


class Auth(msgspec.Struct, frozen=True, tag="auth", tag_field="type", forbid_unknown_fields=True):
    """A fresh ticket of the same person, before the token of the last one runs out."""

    ticket: Ticket


class SendLocation(msgspec.Struct, frozen=True, tag="location", tag_field="type", forbid_unknown_fields=True):
    """From a driver on the way, at most one a second."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]


ClientFrame = Hello | Subscribe | Unsubscribe | Auth | SendLocation


class Welcome(msgspec.Struct, frozen=True, tag="welcome", tag_field="type"):
    """`seq` is the head of the stream, never a position."""

    epoch: str
    seq: int
    heartbeat_s: int


class Subscribed(msgspec.Struct, frozen=True, tag="subscribed", tag_field="type"):
    """Events of the topic start after `seq`: replayed ones first. What is fetched with `position` has all before."""

    topic: str
    seq: int
    position: LogPosition = msgspec.UNSET


class Unsubscribed(msgspec.Struct, frozen=True, tag="unsubscribed", tag_field="type"):
    """Nothing more comes of the topic."""

    topic: str


class LeftOrder(msgspec.Struct, frozen=True):
    """All that is told of an order to somebody who may no longer see it."""

    id: UUID
    version: int
    status: None = None


class Event(msgspec.Struct, frozen=True, tag="event", tag_field="type"):
    """`order` is the order as in proto.orders, or LeftOrder when `event` is OrderLeft. What is read with `position` is
    as new as that at least."""

    topic: str
    seq: int
    event: str
    occurred_at: datetime
    order: msgspec.Raw
    position: LogPosition = msgspec.UNSET


class At(msgspec.Struct, frozen=True, tag="at", tag_field="type"):
    """With each heartbeat: nothing of yours up to `seq` is outstanding; `position` is that of the last event."""

    seq: int
    position: LogPosition = msgspec.UNSET


class Resync(msgspec.Struct, frozen=True, tag="resync", tag_field="type"):
    """The position is void or too old: fetch once, with `position` or else with `Cache-Control: no-cache`; events of
    the topic go on after `seq` of the stream with `epoch`."""

    topic: str
    seq: int
    epoch: str
    position: LogPosition = msgspec.UNSET


class DriverLocation(msgspec.Struct, frozen=True, tag="location", tag_field="type"):
    """Where the driver of an order on the way was `at`. Not stored, without a seq: one that is lost is lost."""

    order_id: UUID
    lat: float
    lon: float
    at: datetime


class AlertState(msgspec.Struct, frozen=True, tag="alert", tag_field="type"):
    """On topic `alerts`, right after `subscribed` and on each change: all that fires, the newest first. It replaces the
    one before, so it has no seq, and nothing to resume. While nobody judges (`judged` is false) `firing` is the last
    that was known; `at` is when that was, null before the first time."""

    topic: str
    judged: bool
    at: datetime | None
    firing: tuple[FiringAlert, ...]


class Drain(msgspec.Struct, frozen=True, tag="drain", tag_field="type"):
    """This server is about to stop: come back after so many milliseconds, and resume."""

    reconnect_after_ms: int


ServerFrame = Welcome | Subscribed | Unsubscribed | Event | At | Resync | DriverLocation | AlertState | Drain


class LocationReport(msgspec.Struct, frozen=True):
    """On core NATS: a driver's location on its way to all gateways."""

    driver_id: UUID
    lat: float
    lon: float
    at: datetime
