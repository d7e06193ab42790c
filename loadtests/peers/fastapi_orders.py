"""The list of orders as most Python teams would write it today: FastAPI, pydantic response models, SQLAlchemy 2's ORM
on asyncio with asyncpg, uvicorn with uvloop and httptools.

It does the same work as `GET /api/orders` for a restaurant and gives the same answer: the bearer token is verified, the
identity is set for the transaction, row-level security decides, the page goes by keyset, the cursor is signed. The pool
has the same size. It takes the place of the catalogue in the benchmark's stack, so that it is reached through the same
Nginx and has as many processes as orders.

Run as a program it takes the settings of a service.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, DateTime, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.cursor import CursorError, Cursors
from shared.settings import ContextSettings, load, raw_key

NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))


class Base(DeclarativeBase):
    """Tables of the orders context."""


class Order(Base):
    """What a list shows of an order."""

    __tablename__ = "orders"
    __table_args__ = {"schema": "orders"}  # noqa: RUF012  SQLAlchemy's way

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    restaurant_id: Mapped[UUID]
    restaurant_name: Mapped[str]
    zone: Mapped[int]
    driver_id: Mapped[UUID | None]
    driver_name: Mapped[str | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    version: Mapped[int]
    total_cents: Mapped[int]
    lines: Mapped[int]
    address: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    stop: Mapped[int | None]
    shortages: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def location(self) -> "LocationOut":
        return LocationOut(lat=self.lat, lon=self.lon)


class LocationOut(BaseModel):
    lat: float
    lon: float


class ShortageOut(BaseModel):
    product_id: UUID
    name: str
    requested: int
    available: int


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: int
    restaurant_id: UUID
    restaurant_name: str
    zone: int
    driver_id: UUID | None
    driver_name: str | None
    status: str
    reason: str | None
    version: int
    total_cents: int
    lines: int
    address: str
    location: LocationOut
    stop: int | None
    shortages: list[ShortageOut]
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[OrderOut]
    next_cursor: str | None


class Claims(BaseModel):
    """What a token says."""

    sub: UUID
    rid: UUID


def create_app(settings: ContextSettings) -> FastAPI:
    url = settings.database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, pool_size=settings.pool_size, max_overflow=0)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        app.state.key = Ed25519PublicKey.from_public_bytes(raw_key(settings.token_public_key))
        app.state.cursors = Cursors(raw_key(settings.cursor_key))
        yield
        await engine.dispose()

    app = FastAPI(title="Orders, as a peer", lifespan=lifespan)
    app.add_api_route("/api/catalog/orders", list_orders, methods=["GET"], response_model=Page)
    app.add_api_route("/readyz", ready, methods=["GET"])
    return app


async def ready() -> str:
    return "ok"


async def current_claims(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> Claims:
    try:
        claims = jwt.decode(
            credentials.credentials, request.app.state.key, algorithms=["EdDSA"], issuer="larder", leeway=5
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, f"Sign in again: {error}.") from error
    return Claims.model_validate(claims)


async def current_session(
    request: Request, claims: Annotated[Claims, Depends(current_claims)]
) -> AsyncIterator[AsyncSession]:
    """A transaction as the caller: the role and who is asking, in one round trip."""
    async with request.app.state.sessions() as session, session.begin():
        await session.execute(
            select(
                func.set_config("role", "restaurant", True),
                func.set_config("app.person_id", str(claims.sub), True),
                func.set_config("app.restaurant_id", str(claims.rid), True),
            )
        )
        yield session


async def list_orders(
    request: Request,
    session: Annotated[AsyncSession, Depends(current_session)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> Page:
    cursors: Cursors = request.app.state.cursors
    try:
        below = NEWEST if cursor is None else cursors.decode("orders", cursor, tuple[datetime, UUID])
    except CursorError as error:
        raise HTTPException(400, str(error)) from error
    found = await session.scalars(
        select(Order)
        .where(tuple_(Order.created_at, Order.id) < below)
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit + 1)
    )
    orders = found.all()
    more = len(orders) > limit
    last = orders[:limit][-1] if more else None
    return Page(
        items=[OrderOut.model_validate(order) for order in orders[:limit]],
        next_cursor=None if last is None else cursors.encode("orders", (last.created_at, last.id)),
    )


def main() -> None:
    settings = load(ContextSettings, os.environ)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
