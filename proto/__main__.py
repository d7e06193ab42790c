"""`python -m proto` writes `proto/schema`: JSON Schema (2020-12) of what is published and of what a socket says.

Owns which envelopes are published, under which types and which version. Invariants: a schema is made from the Structs
alone, byte for byte the same each time, and describes what the owner writes: the types and the version that exist
today. A reader must take more than that: unknown fields, and types it does not know. Refuses nothing; a test in
`tests/contract` refuses schemas that are not fresh.
"""

import inspect
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec

from proto import accounts, catalog, envelope, orders, realtime

FOLDER = Path(__file__).parent / "schema"

VERSION = 1
"""Of every envelope and of the socket protocol; a second one of an envelope gets a file beside the first."""

PUBLISHED: Mapping[type[envelope.Envelope], tuple[str, ...]] = {
    orders.OrderEvent: get_args(orders.EventType),
    catalog.ProductEvent: ("ProductChanged",),
    accounts.PersonEvent: ("PersonChanged",),
    accounts.RestaurantEvent: ("RestaurantChanged",),
    accounts.SessionEvent: ("SessionRevoked",),
}
"""Each envelope on the streams with every `type` it is published under."""

_STRUCTS = {
    struct.__name__: struct
    for module in (accounts, catalog, envelope, orders, realtime)
    for struct in vars(module).values()
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
}


def schemas() -> dict[str, bytes]:
    """File name → content, of every schema."""
    documents = {f"{event.__name__}.v{VERSION}": _event(event, types) for event, types in PUBLISHED.items()}
    documents[f"ClientFrame.v{VERSION}"] = _document("ClientFrame", realtime.ClientFrame)
    documents[f"ServerFrame.v{VERSION}"] = _server_frame()
    return {f"{name}.json": _bytes(name, document) for name, document in documents.items()}


def write(folder: Path = FOLDER) -> None:
    """Writes every schema, and removes what no Struct stands for any more."""
    folder.mkdir(exist_ok=True)
    fresh = schemas()
    for path in folder.glob("*.json"):
        if path.name not in fresh:
            path.unlink()
    for name, content in fresh.items():
        (folder / name).write_bytes(content)


def _event(event: type[envelope.Envelope], types: tuple[str, ...]) -> dict[str, Any]:
    document = _document(event.__name__, event)
    properties = document["$defs"][event.__name__]["properties"]
    properties["type"]["enum"] = sorted(types)
    properties["version"]["const"] = VERSION
    return document


def _server_frame() -> dict[str, Any]:
    """`Event.order` is kept as bytes by the gateway; on the socket it is one of two shapes."""
    document = _document("ServerFrame", realtime.ServerFrame, orders.Order, realtime.LeftOrder)
    left = document["$defs"]["LeftOrder"]
    left["required"] = [*left["required"], "status"]
    order = document["$defs"]["Event"]["properties"]["order"]
    order["anyOf"] = [{"$ref": "#/$defs/Order"}, {"$ref": "#/$defs/LeftOrder"}]
    return document


def _document(title: str, root: Any, *others: Any) -> dict[str, Any]:
    """The schema of `root`; `others` are defined in it besides."""
    (schema, *_), components = msgspec.json.schema_components([root, *others])
    for name, component in components.items():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
        for field in msgspec.structs.fields(_STRUCTS[name]):
            # msgspec gives the format of a time only where its zone is constrained; all of ours are UTC.
            if field.type is datetime:
                component["properties"][field.encode_name]["format"] = "date-time"
    return {"title": title, **schema, "$defs": components}


def _bytes(name: str, document: dict[str, Any]) -> bytes:
    heads = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:larder:{name}"}
    return msgspec.json.format(msgspec.json.encode(heads | document, order="sorted"), indent=2) + b"\n"


if __name__ == "__main__":
    write()
