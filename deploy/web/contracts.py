"""What the browser client is typed by: the services' OpenAPI documents and the socket's frames, in `web/contracts`.

Invariant: they are made of the same routes and Structs that run, without running anything; a test in `tests/contract`
refuses files that are not fresh. TypeScript is written from them (`web/build/contracts.ts`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from deploy.local.layout import REPOSITORY
from proto.schemas import schemas
from services.accounts import api as accounts
from services.analytics import app as analytics
from services.catalog import app as catalog
from services.gateway import api as gateway
from services.orders import app as orders
from shared.http.routes import routes_of

FOLDER = REPOSITORY / "web" / "contracts"
ROUTES: Mapping[str, tuple[Any, ...]] = {
    "accounts": accounts.ROUTES,
    "analytics": analytics.ROUTES,
    "catalog": catalog.ROUTES,
    "orders": orders.ROUTES,
    "realtime": gateway.ROUTES,
}
FRAMES = ("ClientFrame", "ServerFrame")


def contracts() -> dict[str, bytes]:
    """File name → content."""
    documents = {f"{name}.json": openapi(name) for name in ROUTES} | {"frames.json": frames()}
    return {name: msgspec.json.format(msgspec.json.encode(each)) + b"\n" for name, each in documents.items()}


def openapi(name: str) -> dict[str, Any]:
    application = routes_of(ROUTES[name], None, title=f"Larder {name}", path=f"/api/{name}")
    document: dict[str, Any] = _without_examples(application.openapi_schema.to_schema())
    return document


def _without_examples(part: Any) -> Any:
    """They are made up anew each time. A property that is called so holds a schema, not a list."""
    if isinstance(part, list):
        return [_without_examples(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {name: each for name, each in part.items() if name != "examples" or not isinstance(each, list)}
    return {name: _without_examples(each) for name, each in kept.items()}


def frames() -> dict[str, Any]:
    """The frames' JSON Schemas as the components of a document, the one form that types are written from."""
    components: dict[str, Any] = {}
    for name in FRAMES:
        published = schemas()[f"{name}.v1.json"].replace(b"#/$defs/", b"#/components/schemas/")
        schema = msgspec.json.decode(published)
        components |= schema.pop("$defs")
        components[name] = {key: schema[key] for key in ("anyOf", "discriminator") if key in schema}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Larder socket", "version": "1"},
        "paths": {},
        "components": {"schemas": components},
    }


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in contracts().items():
        (folder / name).write_bytes(content)
