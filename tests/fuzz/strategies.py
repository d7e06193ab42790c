"""Conversations: what a client sends, cut into bytes here, and the codes with which each may end.

An oracle of the protocol, not of the gateway: what a text must lead to is decided from `proto.realtime` and
docs/realtime.md alone (`Expectation`). What is no WebSocket framing at all may end with 1002, 1007 or 1009, or be
dropped without a word.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from proto import realtime
from proto.realtime import MAX_FRAME_BYTES, SUBPROTOCOL, CloseCode
from proto.streams import ORDERS

TICKET, EPOCH = "@ticket".ljust(43, "@"), "@epoch".ljust(36, "@")
"""Stand in a text for a fresh ticket and the stream's epoch, which are as long and put in when it is sent."""

RECEIVED_FRAME_BYTES = 64 * 1024
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL, NO_UTF_8, TOO_LARGE = 1000, 1002, 1007, 1009
NO_STATUS, DROPPED = 1005, 0
"""Stand among the codes for a close without one, and for a connection that ends without a close."""

NO_FRAMING = frozenset({PROTOCOL, NO_UTF_8, TOO_LARGE, DROPPED})
Codes = frozenset[int]


class Frame(NamedTuple):
    """One frame as RFC 6455 cuts it, or not: `length` is what it claims, when that is not the payload's."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = True
    length: int | None = None

    def encode(self) -> bytes:
        claimed = len(self.payload) if self.length is None else self.length
        first, bit = (self.fin << 7) | (self.rsv << 4) | self.opcode, 0x80 if self.masked else 0
        if claimed < 126:
            head = struct.pack("!BB", first, bit | claimed)
        elif claimed < 2**16:
            head = struct.pack("!BBH", first, bit | 126, claimed)
        else:
            head = struct.pack("!BBQ", first, bit | 127, claimed)
        if not self.masked:
            return head + self.payload
        key = os.urandom(4)
        return head + key + _masked(self.payload, key)


def _masked(payload: bytes, key: bytes) -> bytes:
    if not payload:
        return b""
    pad = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(payload), "big")


class Part(NamedTuple):
    """What is sent in one go: frames, and then bytes that are none. `ends`: the codes of which one must follow, None
    when the socket stays open. `unfinished`: the server waits for the rest, which never comes."""

    kind: str
    frames: tuple[Frame, ...]
    ends: Codes | None = None
    unfinished: bool = False
    garbage: bytes = b""

    @property
    def tries(self) -> int:
        """Frames, or what pretends to be one."""
        return len(self.frames) + bool(self.garbage)

    def encode(self, ticket: str, epoch: str) -> bytes:
        """With the real ticket and epoch in the place of their stand-ins, over the cuts of fragments too."""
        text = b"".join(frame.payload for frame in self.frames)
        text = text.replace(TICKET.encode(), ticket.encode()).replace(EPOCH.encode(), epoch.encode())
        sent, place = b"", 0
        for frame in self.frames:
            end = place + len(frame.payload)
            sent += frame._replace(payload=text[place:end]).encode()
            place = end
        return sent + self.garbage

    @property
    def wants_ticket(self) -> bool:
        return TICKET.encode() in b"".join(frame.payload for frame in self.frames)


@dataclass(frozen=True)
class Conversation:
    """`handshake`: the request's bytes, None for the right one. `talks_on`: what follows a fault is sent too."""

    parts: Sequence[Part] = ()
    handshake: bytes | None = None
    talks_on: bool = False


# What a text must lead to.


@dataclass
class Expectation:
    """Follows a restaurant's conversation. `greeted`: it has said hello."""

    greeted: bool = False
    topics: set[str] = field(default_factory=set)

    def of(self, text: bytes) -> Codes | None:
        """The codes of which one must follow this text; None when it is fine."""
        if len(text) > RECEIVED_FRAME_BYTES:
            return frozenset({TOO_LARGE, DROPPED})
        try:
            text.decode()
        except UnicodeDecodeError:
            return frozenset({NO_UTF_8})
        bad = frozenset({CloseCode.BAD_FRAME})
        if len(text) > MAX_FRAME_BYTES:
            return bad
        try:
            said = msgspec.json.decode(text, type=realtime.ClientFrame)
        except (msgspec.DecodeError, RecursionError):
            return bad
        if not self.greeted:
            return self._first(said)
        return self._next(said)

    def _first(self, said: realtime.ClientFrame) -> Codes | None:
        if not isinstance(said, realtime.Hello):
            return frozenset({CloseCode.BAD_FRAME})
        if said.ticket != TICKET:
            return frozenset({CloseCode.UNAUTHENTICATED})
        self.greeted = True
        return None

    def _next(self, said: realtime.ClientFrame) -> Codes | None:
        match said:
            case realtime.Subscribe() if said.topic in {"offers", "alerts"}:
                return frozenset({CloseCode.FORBIDDEN_TOPIC})
            case realtime.Subscribe() if said.topic != "orders":
                code = CloseCode.FORBIDDEN_TOPIC if _names_an_order(said.topic) else CloseCode.BAD_FRAME
                return frozenset({code})
            case realtime.Unsubscribe() if said.topic.startswith("order:") and not _names_an_order(said.topic):
                return frozenset({CloseCode.BAD_FRAME})
            case realtime.Auth() if said.ticket != TICKET:
                return frozenset({CloseCode.UNAUTHENTICATED})
            case realtime.Hello() | realtime.SendLocation():
                return frozenset({CloseCode.BAD_FRAME})
            case _:
                return None


def _names_an_order(topic: str) -> bool:
    text = topic.removeprefix("order:")
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


# Texts.

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_words = st.sampled_from(["hello", "subscribe", "unsubscribe", "auth", "location", "event", "welcome", "", "HELLO"])
_topics = st.sampled_from(
    [
        *("orders", "orders", "orders", "offers", "alerts", "order:", "orders\n", "ORDERS", ORDERS.subjects[0]),
        "order:01890a5d-ac96-774b-bcce-b302099a8057",
        "order:01890A5D-AC96-774B-BCCE-B302099A8057",
        "order:------------------------------------",
        "order:01890a5dac96774bbcceb302099a80570000",
    ]
)
_positions = st.none() | st.fixed_dictionaries(
    {
        "epoch": st.sampled_from([EPOCH, EPOCH, "another", "", "e" * 65]),
        "seq": st.sampled_from([0, 1, 7, -1, 2**63, 2**64]),
    }
)
_tickets = st.sampled_from([TICKET, TICKET, TICKET, "never issued", "", "t" * 128, "t" * 129, "\x00"])
_frames: SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"type": st.just("hello"), "ticket": _tickets}, optional={"resume": _positions}),
    st.fixed_dictionaries({"type": st.just("subscribe"), "topic": _topics}, optional={"after": _positions}),
    st.fixed_dictionaries({"type": st.just("subscribe"), "topic": st.just("orders")}, optional={"after": _positions}),
    st.fixed_dictionaries({"type": st.just("unsubscribe"), "topic": _topics}),
    st.fixed_dictionaries({"type": st.just("auth"), "ticket": _tickets}),
    st.fixed_dictionaries({"type": st.just("location"), "lat": st.floats(-91, 91), "lon": st.floats(-181, 181)}),
)


@st.composite
def _mutated(draw: DrawFn) -> bytes:
    """A frame of ours, with a few bytes changed, taken out or put in."""
    text = bytearray(msgspec.json.encode(draw(_frames)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text) - 1)) if text else 0
        match draw(st.sampled_from(["change", "take", "put", "cut"])):
            case "change" if text:
                text[place] = draw(st.integers(0, 255))
            case "take" if text:
                del text[place]
            case "put":
                text.insert(place, draw(st.integers(0, 255)))
            case _:
                del text[place:]
    return bytes(text)


@st.composite
def _wrong_types(draw: DrawFn) -> bytes:
    """Our names with anything behind them, or with names that we do not have."""
    names = ["type", "ticket", "resume", "topic", "after", "lat", "lon", "epoch", "seq", "more"]
    anything = draw(st.dictionaries(st.sampled_from(names), _json, max_size=4))
    return msgspec.json.encode({"type": draw(_words), **anything})


@st.composite
def _large(draw: DrawFn) -> bytes:
    """Around our limit, and around the server's."""
    size = draw(st.sampled_from([MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1, 20_000, 65_536]))
    text = msgspec.json.encode(draw(_frames))
    return text + b" " * (size - len(text))


_texts: SearchStrategy[tuple[str, bytes]] = st.one_of(
    st.tuples(st.just("a frame of ours"), _frames.map(msgspec.json.encode)),
    st.tuples(st.just("a frame of ours"), _frames.map(msgspec.json.encode)),
    st.tuples(st.just("a mutated frame"), _mutated()),
    st.tuples(st.just("wrong types"), _wrong_types()),
    st.tuples(st.just("any JSON"), _json.map(lambda value: msgspec.json.encode(value))),
    st.tuples(st.just("deep nesting"), st.sampled_from([b"[" * 4000, b'{"a":' * 800, b"[" * 2000 + b"]" * 2000])),
    st.tuples(st.just("any text"), st.text(max_size=200).map(str.encode)),
    st.tuples(st.just("no UTF-8"), st.binary(min_size=1, max_size=20).map(lambda some: b'{"type":"\xff' + some)),
    st.tuples(st.just("a large text"), _large()),
)


# Parts.


@st.composite
def _text_part(draw: DrawFn, expectation: Expectation) -> Part:
    """A text, whole or in fragments with pings between them."""
    kind, text = draw(_texts)
    ends = expectation.of(text)
    size = len(text) // draw(st.integers(1, 4)) + 1
    cut = [text[start : start + size] for start in range(0, len(text), size)] or [b""]
    if len(cut) == 1:
        return Part(kind, (Frame(TEXT, text),), ends)
    frames = [
        Frame(TEXT if place == 0 else CONTINUATION, piece, fin=place == len(cut) - 1) for place, piece in enumerate(cut)
    ]
    for place in range(len(cut) - 1, 0, -1):
        if draw(st.booleans()):
            frames.insert(place, Frame(PING))
    return Part(f"{kind}, in fragments", tuple(frames), ends)


@st.composite
def _control_part(draw: DrawFn) -> Part:
    """What RFC 6455 allows at any moment."""
    opcode = draw(st.sampled_from([PING, PONG]))
    return Part("a ping or pong", (Frame(opcode, draw(st.binary(max_size=125))),))


_welcome: SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "subscribe", "topic": "orders"},
        {"type": "subscribe", "topic": "orders", "after": {"epoch": EPOCH, "seq": 0}},
        {"type": "subscribe", "topic": "orders", "after": {"epoch": "another", "seq": 7}},
        {"type": "unsubscribe", "topic": "orders"},
        {"type": "unsubscribe", "topic": "alerts"},
        {"type": "auth", "ticket": TICKET},
    ]
)
"""What is fine after a hello, in any order."""


@st.composite
def _close_part(draw: DrawFn) -> Part:
    """A client's close: right ones are echoed."""
    code = draw(
        st.sampled_from([1000, 1001, 1003, 1011, 3000, 4000, 4999, 0, 999, 1004, 1005, 1006, 1015, 5000, 65535])
    )
    reason = draw(st.sampled_from([b"", b"bye", b"\xff\xfe", b"r" * 123]))
    payload = draw(st.sampled_from([struct.pack("!H", code) + reason, b"", b"\x03"]))
    return Part("a close", (Frame(CLOSE, payload),), NO_FRAMING | {NORMAL, NO_STATUS, code})


_BINARY = frozenset({CloseCode.BAD_FRAME})
_PASSED_ON = NO_FRAMING | _BINARY
"""A server may also take such a frame for what it would be, and find nothing of the protocol in it."""

_opcodes = st.sampled_from([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
_broken: SearchStrategy[Part] = st.one_of(
    st.builds(lambda some: Part("binary", (Frame(BINARY, some),), _BINARY), st.binary(max_size=300)),
    st.builds(
        lambda some: Part("binary, in fragments", (Frame(BINARY, some, fin=False), Frame(CONTINUATION)), _BINARY),
        st.binary(max_size=300),
    ),
    st.builds(
        lambda opcode, some: Part("a reserved opcode", (Frame(opcode, some),), NO_FRAMING),
        _opcodes,
        st.binary(max_size=9),
    ),
    st.builds(lambda rsv: Part("a reserved bit", (Frame(TEXT, b"{}", rsv=rsv),), _PASSED_ON), st.integers(1, 7)),
    st.builds(lambda some: Part("not masked", (Frame(TEXT, some, masked=False),), NO_FRAMING), st.binary(max_size=300)),
    st.just(Part("a continuation of nothing", (Frame(CONTINUATION, b"{}"),), NO_FRAMING)),
    st.just(Part("a text within a text", (Frame(TEXT, b"{", fin=False), Frame(TEXT, b"}")), NO_FRAMING)),
    st.builds(
        lambda op: Part("a large control frame", (Frame(op, b"p" * 126),), NO_FRAMING),
        st.sampled_from([PING, PONG, CLOSE]),
    ),
    st.builds(
        lambda op: Part("a fragment of a control frame", (Frame(op, b"p", fin=False),), NO_FRAMING),
        st.sampled_from([PING, PONG]),
    ),
    st.builds(
        lambda size: Part("a huge frame", (Frame(TEXT, b"{", length=size),), NO_FRAMING),
        st.sampled_from([RECEIVED_FRAME_BYTES + 1, 2**20, 2**31, 2**32, 2**62]),
    ),
    st.builds(
        lambda count: Part(
            "huge in fragments",
            (Frame(TEXT, b" " * 30_000, fin=False), *[Frame(CONTINUATION, b" " * 30_000, fin=False)] * count),
            NO_FRAMING,
        ),
        st.integers(2, 4),
    ),
)
_unfinished: SearchStrategy[Part] = st.one_of(
    st.builds(
        lambda size: Part("a frame that never ends", (Frame(TEXT, b"{", length=size),), unfinished=True),
        st.sampled_from([2, 125, 126, 4096, RECEIVED_FRAME_BYTES - 1]),
    ),
    st.just(Part("a text that never ends", (Frame(TEXT, b"{", fin=False),), unfinished=True)),
)
_garbage: SearchStrategy[Part] = st.builds(
    lambda some: Part("garbage", (), unfinished=True, garbage=some), st.binary(min_size=1, max_size=400)
)
"""It may be anything, also what nobody has to answer."""


@st.composite
def _parts(draw: DrawFn) -> tuple[Part, ...]:
    """Up to a dozen, most of them after a good hello; what ends the socket comes last, or nearly."""
    expectation = Expectation()
    parts: list[Part] = []
    if draw(st.integers(0, 9)) < 7:
        text = msgspec.json.encode({"type": "hello", "ticket": TICKET})
        parts.append(Part("a good hello", (Frame(TEXT, text),), expectation.of(text)))
    if draw(st.booleans()) and parts:
        text = msgspec.json.encode({"type": "subscribe", "topic": "orders"})
        parts.append(Part("a good subscribe", (Frame(TEXT, text),), expectation.of(text)))
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.integers(0, 19))
        if kind < 8 and expectation.greeted:
            text = msgspec.json.encode(draw(_welcome))
            parts.append(Part("a good frame", (Frame(TEXT, text),), expectation.of(text)))
        elif kind < 13:
            parts.append(draw(_text_part(expectation)))
        elif kind < 15:
            parts.append(draw(_control_part()))
        elif kind < 16:
            parts.append(draw(_close_part()))
        elif kind < 18:
            parts.append(draw(_broken))
        else:
            parts.append(draw(_unfinished | _garbage))
        if parts[-1].ends is not None or parts[-1].unfinished:
            break
    return tuple(parts)


# Handshakes.

REQUEST = (
    "GET /ws HTTP/1.1",
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
)
"""RFC 6455, 1.2, in our words."""


def request(lines: Sequence[str] = REQUEST) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@st.composite
def _handshakes(draw: DrawFn) -> bytes:
    """Requests with a line too few, too many or another, cut off, or not requests at all."""
    lines = list(REQUEST)
    match draw(st.sampled_from(["less", "more", "other", "cut", "bytes", "none", "large"])):
        case "less":
            del lines[draw(st.integers(0, len(lines) - 1))]
        case "more":
            lines.insert(draw(st.integers(1, len(lines))), draw(_header_lines))
        case "other":
            lines[draw(st.integers(0, len(lines) - 1))] = draw(_header_lines)
        case "cut":
            return request()[: draw(st.integers(0, len(request()) - 1))]
        case "bytes":
            whole = bytearray(request())
            for _ in range(draw(st.integers(1, 4))):
                whole[draw(st.integers(0, len(whole) - 1))] = draw(st.integers(0, 255))
            return bytes(whole)
        case "large":
            lines.append("X: " + "x" * draw(st.sampled_from([8_000, 20_000, 200_000])))
        case _:
            return draw(st.binary(max_size=200))
    return request(lines)


_header_lines = st.sampled_from(
    [
        *(
            "GET /ws HTTP/1.0",
            "GET /ws/../ws HTTP/1.1",
            "POST /ws HTTP/1.1",
            "GET /elsewhere HTTP/1.1",
            "GET  HTTP/9.9",
        ),
        *("Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: short", "Sec-WebSocket-Protocol: other", "Upgrade: h2c"),
        *("Content-Length: 5", "Transfer-Encoding: chunked", "Origin: https://evil.test", "Connection: close"),
        *("\x00: \x00", ": empty", "no colon", " folded", "Host: \xff", "Expect: 100-continue"),
    ]
)

conversations: SearchStrategy[Conversation] = st.one_of(
    *[st.builds(Conversation, _parts(), talks_on=st.integers(0, 4).map(lambda one: one == 0))] * 8,
    st.builds(lambda handshake: Conversation(handshake=handshake), _handshakes()),
)
