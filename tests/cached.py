"""A kind of copies for tests, over a table in memory and a stream of its own: what is cached, told and asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proto.cache import ids_of, product_key
from proto.streams import StreamDefinition
from shared.bus import Bus, ensure_stream
from shared.cache import Answer, Cache, Change, Followed, Loaded, open_cache, open_cache_store
from shared.ids import new_id
from tests.support import eventually

PATIENT_SECONDS = 5.0


@contextmanager
def patient() -> Iterator[None]:
    """Commands to the cache may take this long: a busy machine is not what these tests are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.cache.store.TIMEOUT_SECONDS", PATIENT_SECONDS)
        yield


class Told(msgspec.Struct):
    id: UUID
    version: int
    occurred_at: datetime


def stream_of_its_own() -> StreamDefinition:
    name = f"TEST_{new_id().hex}"
    return StreamDefinition(name, (f"{name}.>",), 1)


@dataclass
class Rows:
    """The source: a version by id. `slow` is awaited before an answer that was read before it."""

    bus: Bus
    stream: StreamDefinition = field(default_factory=stream_of_its_own)
    versions: dict[UUID, int] = field(default_factory=dict)
    loads: int = 0
    slow: Callable[[], Awaitable[None]] | None = None

    def add(self) -> UUID:
        made = new_id()
        self.versions[made] = 1
        return made

    async def load(self, row: UUID) -> Loaded | None:
        self.loads += 1
        version = self.versions.get(row)
        if self.slow is not None:
            await self.slow()
        return None if version is None else Loaded(version=version, body=b'{"version":%d}' % version)

    async def change(self, row: UUID, *, tell: bool = True) -> int:
        """The next version, committed; and told of."""
        self.versions[row] += 1
        if tell:
            await self.tell(row)
        return self.versions[row]

    async def tell(self, row: UUID) -> None:
        told = Told(row, self.versions[row], datetime.now(UTC))
        await self.bus.jetstream.publish(f"{self.stream.name}.{row}", msgspec.json.encode(told))


@dataclass
class Process:
    """One process with copies."""

    rows: Rows
    cache: Cache

    async def get(self, row: UUID, **more: bool) -> Answer:
        answer = await self.cache.get(product_key(row), lambda: self.rows.load(row), **more)  # type: ignore[arg-type]
        assert answer is not None
        assert msgspec.json.decode(answer.body) == {"version": answer.version}
        return answer

    async def in_step(self) -> None:
        async def usable() -> bool:
            return self.cache.step.usable

        await eventually(usable)

    async def out_of_step(self) -> None:
        async def lost() -> bool:
            return not self.cache.step.usable

        await eventually(lost)

    async def until_version(self, row: UUID, version: int) -> Answer:
        async def there() -> Answer | None:
            answer = await self.get(row)
            return answer if answer.version == version else None

        return await eventually(there)


async def changes(events: Sequence[Told]) -> list[Change]:
    return [Change(product_key(event.id), event.version, event.occurred_at.timestamp()) for event in events]


@asynccontextmanager
async def process(
    rows: Rows, url: str, *, life_seconds: float = 60.0, warm: bool = False, schema: str = "1"
) -> AsyncIterator[Process]:
    """In step when it is given out, if NATS and Valkey are there."""

    async def reload(key: str) -> Loaded | None:
        return await rows.load(ids_of(key)[0])

    async def load_many(keys: Sequence[str]) -> dict[str, Loaded]:
        found = {key: await reload(key) for key in keys}
        return {key: loaded for key, loaded in found.items() if loaded is not None}

    await ensure_stream(rows.bus.jetstream, rows.stream)
    async with (
        open_cache_store(url) as store,
        open_cache(
            rows.bus,
            store,
            "product",
            Followed(rows.stream, rows.stream.subjects, Told, changes),
            reload,
            schema=schema,
            life_seconds=life_seconds,
            service="test",
            instance=str(new_id()),
            load_many=load_many if warm else None,
        ) as cache,
    ):
        yield Process(rows, cache)
