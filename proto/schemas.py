"""JSON Schema (2020-12) of what is published and of what a socket says: the content of `proto/schema`.

Owns which envelopes are published, under which types and which version. Invariants: a schema is made from the Structs
alone, byte for byte the same each time, and describes what the owner writes: the types and the version that exist
today. A reader must take more than that: unknown fields, and types it does not know. Refuses nothing; a test in
`tests/contract` refuses schemas that are not fresh.
"""

import inspect
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec

from proto import accounts, catalog, envelope, orders, realtime, stock

VERSION = 1
"""Of every envelope and of the socket protocol; a second one of an envelope gets a file beside the first."""

PUBLISHED: Mapping[type[envelope.Envelope], tuple[str, ...]] = {
    orders.OrderEvent: get_args(orders.EventType),
    catalog.ProductEvent: ("ProductChanged",),
    accounts.PersonEvent: ("PersonChanged",),
    accounts.RestaurantEvent: ("RestaurantChanged",),
    accounts.SessionEvent: ("SessionRevoked",),
    stock.StockEvent: get_args(stock.StockEventType),
}
"""Each envelope on the streams with every `type` it is published under."""

_STRUCTS = {
    struct.__name__: struct
    for module in (accounts, catalog, envelope, orders, realtime, stock)
    for struct in vars(module).values()
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
}


DEFINITIONS = "#/$defs/{name}"


def schemas() -> dict[str, bytes]:
    """File name → content, of every schema."""
    documents = {f"{event.__name__}.v{VERSION}": _document(event.__name__, event) for event in PUBLISHED}
    documents[f"ClientFrame.v{VERSION}"] = _document("ClientFrame", realtime.ClientFrame)
    documents[f"ServerFrame.v{VERSION}"] = _document("ServerFrame", realtime.ServerFrame)
    return {f"{name}.json": _bytes(name, document) for name, document in documents.items()}


def components(roots: Sequence[Any], reference: str = DEFINITIONS) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The schema of each root, and by name those that they refer to; `reference` says where these will stand."""
    kinds = [*roots, orders.Order, realtime.LeftOrder] if _says(roots, realtime.Event) else roots
    heads, named = msgspec.json.schema_components(kinds, ref_template=reference)
    for name, component in named.items():
        _finish(name, component, reference)
    return list(heads[: len(roots)]), named


def _says(roots: Sequence[Any], frame: type) -> bool:
    return any(frame in (get_args(root) or (root,)) for root in roots)


def _finish(name: str, component: dict[str, Any], reference: str) -> None:
    """What the Struct's types alone do not say."""
    struct, properties = _STRUCTS[name], component["properties"]
    if "description" in component:
        component["description"] = inspect.cleandoc(component["description"])
    for field in msgspec.structs.fields(struct):
        # msgspec gives the format of a time only where its zone is constrained; all of ours are UTC.
        if field.type is datetime:
            properties[field.encode_name]["format"] = "date-time"
    if issubclass(struct, envelope.Envelope) and struct in PUBLISHED:
        properties["type"]["enum"] = sorted(PUBLISHED[struct])
        properties["version"]["const"] = VERSION
    if struct is realtime.LeftOrder:
        component["required"] = [*component["required"], "status"]
    if struct is realtime.Event:
        # Kept as bytes by the gateway; on the socket it is one of two shapes.
        shapes = ("Order", "LeftOrder")
        properties["order"]["anyOf"] = [{"$ref": reference.format(name=shape)} for shape in shapes]


def _document(title: str, root: Any) -> dict[str, Any]:
    (head,), named = components([root])
    return {"title": title, **head, "$defs": named}


def _bytes(name: str, document: dict[str, Any]) -> bytes:
    heads = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:larder:{name}"}
    return formatted(heads | document)


def formatted(document: dict[str, Any]) -> bytes:
    """As it is committed."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"
