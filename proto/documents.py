"""AsyncAPI 3.0 of the socket, for who writes a client, and of the streams, for who adds a context: `proto/asyncapi`.

Invariants: every frame and every envelope is a message, with the schema that its Struct makes; subjects are those of
`proto.streams`. What a schema cannot say (who may have a topic, when to come back) stands in the descriptions, and at
length in `docs/realtime.md`. AsyncAPI tells it from the server's side: it receives what a client sends.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args
from uuid import UUID

import msgspec

from proto import accounts, catalog, examples, orders, realtime, stock, streams
from proto.envelope import Envelope
from proto.realtime import CloseCode
from proto.schemas import PUBLISHED, VERSION, components, formatted

_SCHEMA = "#/components/schemas/{name}"

CLOSE_CODES: Mapping[int, str] = {
    1002: "What is no WebSocket frame: mend the client.",
    1007: "A frame that is no UTF-8: mend the client.",
    1009: "A frame larger than 64 KiB: mend the client.",
    1011: "No answer to a ping, or a fault of ours: come back and resume.",
    CloseCode.RESTART: "Restart, too many at once, or the events cannot be read yet: come back and resume.",
    CloseCode.BAD_FRAME: "A frame that is no JSON, unknown, too large, binary, or out of place: mend the client.",
    CloseCode.UNAUTHENTICATED: "The ticket is used or expired, the token ran out or was revoked, or no hello came in "
    "time: a fresh ticket; sign in if that is refused.",
    CloseCode.FORBIDDEN_TOPIC: "A topic that is not yours: do not ask again.",
    CloseCode.TOO_SLOW: "You read too slowly: come back and resume.",
    CloseCode.TOO_MANY_SOCKETS: "Too many sockets of one person: close another one.",
    CloseCode.TOO_MANY_REQUESTS: "Too many topics, or too many frames a second for long: slow down.",
}

TOPICS: Mapping[str, str] = {
    "orders": "restaurants: their own orders; drivers: those assigned to them; admins: all",
    "offers": "drivers: the open offers of their zone",
    "order:<id>": "who may see it: one order",
    "alerts": "admins: what fires now, with what to do about it",
}

LIMITS: Mapping[str, int] = {
    "frame_bytes": realtime.MAX_FRAME_BYTES,
    "topics_per_socket": realtime.MAX_TOPICS,
    "frames_per_second": 20,
    "locations_per_second": 1,
    "seconds_to_hello": 10,
    "ticket_seconds": 30,
}
"""Of a client. Sockets a person are a setting of the server."""

_ABOUT_THE_SOCKET = """
What Larder tells people as it happens, so that nothing is missed and nothing comes twice.

Get a ticket with `POST /api/realtime/tickets` (see `/api/realtime/openapi.json`), open `/ws` with the subprotocol
`larder.v1`, and say `hello` first. Frames are JSON text. Positions are (epoch, seq), one a topic: after a break,
subscribe with the position and what was missed comes first; `resync` says that it cannot, and to fetch once.
Clients ignore fields and event names that they do not know; the server refuses both.
"""

_ABOUT_THE_STREAMS = """
What the contexts tell each other over NATS JetStream. ORDERS keeps every event; the others keep the last event of
each subject, which is the full state of what it names. Readers ignore fields and types that they do not know, skip
versions that they have, and take an event that comes twice. Where the database has a replica, the header
`Larder-Position` says how far its log was, with what the event tells in it.
"""


def documents() -> dict[str, bytes]:
    """File name → content, of both."""
    return {
        name: formatted(document)
        for name, document in (("socket.json", socket_document()), ("streams.json", streams_document()))
    }


def socket_document() -> dict[str, Any]:
    """The document of `larder.v1`."""
    client, server = get_args(realtime.ClientFrame), get_args(realtime.ServerFrame)
    messages = {
        **{_key(frame): _message(frame, examples.CLIENT_FRAMES) for frame in client},
        **{_key(frame): _message(frame, examples.SERVER_FRAMES) for frame in server},
    }
    channel = {
        "address": "/ws",
        "title": realtime.SUBPROTOCOL,
        "description": _paragraphs(
            "Topics:", _list(TOPICS), "Close codes:", _list({str(code): why for code, why in CLOSE_CODES.items()})
        ),
        "servers": [{"$ref": "#/servers/edge"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": {"Sec-WebSocket-Protocol": {"type": "string", "const": realtime.SUBPROTOCOL}},
                    "required": ["Sec-WebSocket-Protocol"],
                },
                "bindingVersion": "0.1.0",
            }
        },
        "x-close-codes": {str(code): why for code, why in CLOSE_CODES.items()},
        "x-limits": dict(LIMITS),
    }
    answers: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
        realtime.Hello: realtime.Welcome,
        realtime.Subscribe: realtime.Subscribed,
        realtime.Unsubscribe: realtime.Unsubscribed,
    }
    operations = {
        **{_key(frame): _operation("receive", frame, answers.get(frame)) for frame in client},
        **{_key(frame): _operation("send", frame) for frame in server if frame not in answers.values()},
    }
    return _document(
        "Larder realtime",
        _ABOUT_THE_SOCKET,
        servers={"edge": {"host": "127.0.0.1:8080", "protocol": "ws", "description": "The stack on this machine."}},
        channels={"socket": channel},
        operations=operations,
        messages=messages,
        structs=(*client, *server),
    )


def streams_document() -> dict[str, Any]:
    """The document of the streams, and of locations beside them."""
    restaurant_id, order_id = _named("restaurant_id"), _named("order_id")
    told: dict[str, tuple[str, type[msgspec.Struct], streams.StreamDefinition | None]] = {
        "orders": (streams.order_subject(restaurant_id, order_id, "{event}"), orders.OrderEvent, streams.ORDERS),
        "products": (streams.product_subject(_named("product_id")), catalog.ProductEvent, streams.CATALOG),
        "people": (streams.person_subject(_named("person_id")), accounts.PersonEvent, streams.ACCOUNTS),
        "restaurants": (
            streams.restaurant_subject(restaurant_id),
            accounts.RestaurantEvent,
            streams.ACCOUNTS,
        ),
        "sessions": (streams.session_subject(_named("session_id")), accounts.SessionEvent, streams.ACCOUNTS),
        "stock": (streams.stock_subject(order_id, "{event}"), stock.StockEvent, streams.STOCK),
        "locations": (streams.location_subject(_named("driver_id")), realtime.LocationReport, None),
    }
    shown: Mapping[str, msgspec.Struct] = {**examples.ENVELOPES, "LocationReport": examples.LOCATION_REPORT}
    return _document(
        "Larder streams",
        _ABOUT_THE_STREAMS,
        servers={"nats": {"host": "127.0.0.1:4222", "protocol": "nats", "description": "Inside the cluster alone."}},
        channels={name: _subject(*row) for name, row in told.items()},
        operations={name: _publication(name, row[1]) for name, row in told.items()},
        messages={row[1].__name__: _message(row[1], shown) for row in told.values()},
        structs=[row[1] for row in told.values()],
    )


def _document(
    title: str,
    description: str,
    *,
    servers: Mapping[str, Any],
    channels: Mapping[str, Any],
    operations: Mapping[str, Any],
    messages: Mapping[str, Any],
    structs: Iterable[type[msgspec.Struct]],
) -> dict[str, Any]:
    _, named = components(list(structs), _SCHEMA)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": str(VERSION),
            "description": inspect.cleandoc(description),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": dict(servers),
        "channels": dict(channels),
        "operations": dict(operations),
        "components": {"messages": dict(messages), "schemas": named},
    }


def _message(struct: type[msgspec.Struct], shown: Mapping[str, msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": _tag(struct) or struct.__name__,
        "title": struct.__name__,
        "summary": " ".join((inspect.getdoc(struct) or "").split()),
        "payload": {"$ref": _SCHEMA.format(name=struct.__name__)},
        "examples": [
            {"name": name, "payload": msgspec.json.decode(msgspec.json.encode(one))}
            for name, one in shown.items()
            if type(one) is struct
        ],
    }


def _operation(action: str, frame: type[msgspec.Struct], answer: type[msgspec.Struct] | None = None) -> dict[str, Any]:
    channel = "#/channels/socket"
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_key(frame)}"}],
    }
    if answer is not None:
        operation["reply"] = {
            "channel": {"$ref": channel},
            "messages": [{"$ref": f"{channel}/messages/{_key(answer)}"}],
        }
    return operation


def _subject(address: str, struct: type[msgspec.Struct], stream: streams.StreamDefinition | None) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        part[1:-1]: {"description": "A UUID."} for part in address.split(".") if part.startswith("{")
    }
    if "event" in parameters:
        parameters["event"] = {"enum": sorted(PUBLISHED[cast("type[Envelope]", struct)])}
    where = (
        "Core NATS: not stored."
        if stream is None
        else f"Stream {stream.name}, which keeps "
        + ("every event." if stream.per_subject == -1 else "the last event of each subject.")
    )
    return {
        "address": address,
        "description": where,
        "servers": [{"$ref": "#/servers/nats"}],
        "parameters": parameters,
        "messages": {struct.__name__: {"$ref": f"#/components/messages/{struct.__name__}"}},
    }


def _publication(channel: str, struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{struct.__name__}"}],
    }


def _key(frame: type[msgspec.Struct]) -> str:
    """Both sides say `location`: the Struct's name is the one that is unique."""
    return frame.__name__[0].lower() + frame.__name__[1:]


def _tag(struct: type[msgspec.Struct]) -> str | None:
    return cast(str | None, struct.__struct_config__.tag)


def _named(parameter: str) -> UUID:
    """A place for an id in a subject: whoever spells subjects only prints what it is given."""
    return cast(UUID, f"{{{parameter}}}")


def _list(items: Mapping[str, str]) -> str:
    return "\n".join(f"- `{name}`: {text}" for name, text in items.items())


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(texts)
