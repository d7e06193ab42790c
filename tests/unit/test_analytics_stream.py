"""That nothing came in time is no news: only the server's word that nothing is left makes numbers as of now."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.js import JetStreamContext

from services.analytics.projection.stream import HoleError, Reading


@dataclass
class Server:
    """A subscription whose answers to `fetch` are given: sequences, or None for an answer that does not come. `pending`
    and `delivered`, how many events it has sent, are what it says of itself. The first in its stream is 6."""

    answers: list[list[int] | None]
    pending: int = 0
    delivered: int = 2
    asked: list[str] = field(default_factory=list)

    async def fetch(self, most: int, timeout: float) -> list[Any]:  # noqa: ASYNC109  as nats-py has it
        self.asked.append("events")
        answer = self.answers.pop(0)
        if answer is None:
            raise TimeoutError
        places = [SimpleNamespace(stream=seq, consumer=seq - 5) for seq in answer]
        return [SimpleNamespace(metadata=SimpleNamespace(sequence=place)) for place in places]

    async def consumer_info(self) -> Any:
        self.asked.append("what is left")
        return SimpleNamespace(num_pending=self.pending, delivered=SimpleNamespace(consumer_seq=self.delivered))


async def reading(server: Server) -> Reading:
    """One that has read 6 and 7."""
    server.answers.insert(0, [6, 7])
    found = Reading(cast(JetStreamContext.PullSubscription, server), "epoch", 5, 7)
    await found.fetch(10)
    server.asked.clear()
    return found


async def test_nothing_came_and_nothing_is_left() -> None:
    server = Server([None])
    assert await (await reading(server)).fetch(10) == []
    assert server.asked == ["events", "what is left"]


@pytest.mark.parametrize(("pending", "delivered"), [(2, 2), (0, 4)], ids=["not sent yet", "on its way"])
async def test_what_is_there_and_did_not_come_is_asked_for_again(pending: int, delivered: int) -> None:
    found = await reading(Server([None, [8, 9]], pending, delivered))
    assert len(await found.fetch(10)) == 2
    assert found.seq == 9


async def test_the_first_event_of_all_may_be_on_its_way_too() -> None:
    found = Reading(cast(JetStreamContext.PullSubscription, Server([None, [6]], delivered=1)), "epoch", 5, 6)
    assert len(await found.fetch(10)) == 1


async def test_what_never_comes_is_a_hole() -> None:
    found = await reading(Server([None, None, None], pending=2))
    with pytest.raises(HoleError, match="what follows 7"):
        await found.fetch(10)


async def test_a_place_left_out_is_a_hole() -> None:
    found = await reading(Server([[9]]))
    with pytest.raises(HoleError, match="9 follows 7"):
        await found.fetch(10)
