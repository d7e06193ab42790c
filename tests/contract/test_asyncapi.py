"""The AsyncAPI documents are what the contracts make, are of the form that AsyncAPI 3.0 has, and their examples hold.

The form is held by hand, field by field of the specification: no kept package brings its meta-schema to Python.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest

from proto import realtime, streams
from proto.__main__ import DOCUMENTS, generated
from proto.documents import CLOSE_CODES, LIMITS, TOPICS
from proto.realtime import CloseCode
from proto.schemas import PUBLISHED
from services.gateway import socket, tickets
from services.gateway.topic import ONLY_FOR

NAMES = ("socket", "streams")
Document = dict[str, Any]


def document(name: str) -> Document:
    found: Document = msgspec.json.decode((DOCUMENTS / f"{name}.json").read_bytes())
    return found


@pytest.fixture(params=NAMES)
def described(request: pytest.FixtureRequest) -> Document:
    return document(request.param)


def test_the_committed_documents_are_fresh() -> None:
    committed = {path.name: path.read_bytes() for path in DOCUMENTS.iterdir()}
    assert committed == generated()[DOCUMENTS], "proto/asyncapi is stale: run `just schemas`"


# --- the form

FIELDS: Mapping[str, tuple[set[str], set[str]]] = {
    "document": ({"asyncapi", "info"}, {"defaultContentType", "servers", "channels", "operations", "components"}),
    "info": ({"title", "version"}, {"description", "license"}),
    "server": ({"host", "protocol"}, {"description"}),
    "channel": ({"address", "messages"}, {"title", "description", "servers", "parameters", "bindings"}),
    "parameter": (set(), {"description", "enum"}),
    "operation": ({"action", "channel"}, {"messages", "reply"}),
    "reply": (set(), {"channel", "messages"}),
    "message": ({"payload"}, {"name", "title", "summary", "examples"}),
    "example": ({"payload"}, {"name"}),
    "components": (set(), {"messages", "schemas"}),
}
"""Of each object of the specification: what it must have, and which other fields we write. `x-…` may be anywhere."""


def objects(whole: Document) -> Iterator[tuple[str, Document]]:
    yield "document", whole
    yield "info", whole["info"]
    yield "components", whole["components"]
    for server in whole["servers"].values():
        yield "server", server
    for channel in whole["channels"].values():
        yield "channel", channel
        for parameter in channel.get("parameters", {}).values():
            yield "parameter", parameter
    for operation in whole["operations"].values():
        yield "operation", operation
        if "reply" in operation:
            yield "reply", operation["reply"]
    for message in whole["components"]["messages"].values():
        yield "message", message
        for example in message["examples"]:
            yield "example", example


def test_each_object_has_the_fields_that_it_must_and_may_have(described: Document) -> None:
    assert described["asyncapi"] == "3.0.0"
    for kind, one in objects(described):
        must, may = FIELDS[kind]
        fields = {field for field in one if not field.startswith("x-")}
        assert must <= fields <= must | may, (kind, one)


def test_each_reference_leads_somewhere(described: Document) -> None:
    references = list(_references(described))
    assert references
    for reference in references:
        assert _at(described, reference) is not None, reference


def test_an_operation_sends_or_receives_messages_of_its_channel(described: Document) -> None:
    for name, operation in described["operations"].items():
        assert operation["action"] in {"send", "receive"}, name
        for side in (operation, operation.get("reply", operation)):
            prefix = side["channel"]["$ref"] + "/messages/"
            assert all(message["$ref"].startswith(prefix) for message in side["messages"]), name


def test_each_parameter_of_an_address_is_described(described: Document) -> None:
    for channel in described["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel.get("parameters", {}))


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _at(whole: Document, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    found: Any = whole
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


# --- what it says

EXAMPLES = [
    pytest.param(name, key, example["payload"], id=f"{name}-{example['name']}")
    for name in NAMES
    for key, message in document(name)["components"]["messages"].items()
    for example in message["examples"]
]


def payload_schema(name: str, key: str) -> jsonschema_rs.Draft7Validator:
    """AsyncAPI's schemas are a superset of draft 7."""
    whole = document(name)
    payload = whole["components"]["messages"][key]["payload"]
    return jsonschema_rs.Draft7Validator({**payload, "components": whole["components"]}, validate_formats=True)


@pytest.mark.parametrize(("name", "key", "payload"), EXAMPLES)
def test_an_example_fits_its_schema(name: str, key: str, payload: Any) -> None:
    schema = payload_schema(name, key)
    schema.validate(payload)
    assert not schema.is_valid({**payload, "type": "shout"} if "type" in payload else {})


@pytest.mark.parametrize(("name", "key", "payload"), [one for one in EXAMPLES if one.values[0] == "socket"])
def test_an_example_is_a_frame_that_is_read(name: str, key: str, payload: Any) -> None:
    action = document("socket")["operations"].get(key, {}).get("action", "send")
    kind: Any = realtime.ClientFrame if action == "receive" else realtime.ServerFrame
    frame = msgspec.json.decode(msgspec.json.encode(payload), type=kind)
    assert type(frame).__name__.lower() == key.lower()


def test_every_frame_is_a_message_with_an_example_and_somebody_who_says_it() -> None:
    whole = document("socket")
    frames = {frame.__name__ for frame in (*get_args(realtime.ClientFrame), *get_args(realtime.ServerFrame))}
    messages = whole["components"]["messages"]
    assert {message["title"] for message in messages.values()} == frames
    assert all(message["examples"] and message["summary"] for message in messages.values())
    said = {
        message["$ref"].rpartition("/")[2]
        for operation in whole["operations"].values()
        for message in (*operation["messages"], *operation.get("reply", {}).get("messages", []))
    }
    assert said == set(messages) == set(whole["channels"]["socket"]["messages"])


def test_every_envelope_is_a_message_under_its_subject() -> None:
    whole = document("streams")
    published = {event.__name__ for event in PUBLISHED} | {realtime.LocationReport.__name__}
    assert set(whole["components"]["messages"]) == published
    channels = whole["channels"]
    assert channels["orders"]["address"] == "orders.v1.{restaurant_id}.{order_id}.{event}"
    assert channels["locations"]["address"].replace("{driver_id}", "*") == streams.LOCATIONS
    for stream in streams.STREAMS:
        begin = stream.subjects[0].removesuffix(">")
        ours = [one for one in channels.values() if one["address"].startswith(begin)]
        assert ours
        assert all(stream.name in one["description"] for one in ours)


def test_every_close_code_and_topic_is_described_here_and_in_the_reference() -> None:
    reference = (Path(__file__).parents[2] / "docs" / "realtime.md").read_text()
    ours = {code for name, code in vars(CloseCode).items() if name.isupper()}
    assert ours <= set(CLOSE_CODES)
    close_codes, topics = reference.partition("## Close codes")[2], reference.partition("## Topics")[2]
    for code in CLOSE_CODES:
        assert re.search(rf"^\| [\d, ]*\b{code}\b", close_codes, re.MULTILINE), code
    for topic in TOPICS:
        assert f"| `{topic}` |" in topics, topic
    assert ONLY_FOR.keys() < TOPICS.keys()


def test_the_limits_are_those_that_the_gateway_holds() -> None:
    assert {
        "frame_bytes": realtime.MAX_FRAME_BYTES,
        "topics_per_socket": realtime.MAX_TOPICS,
        "frames_per_second": socket.FRAMES_PER_SECOND,
        "locations_per_second": round(1 / socket.LOCATION_SECONDS),
        "seconds_to_hello": socket.HELLO_SECONDS,
        "ticket_seconds": tickets.LIFE_SECONDS,
    } == LIMITS
