"""The garbage collector, kept from stopping a process for long.

Python frees nearly everything as soon as nobody refers to it; the collector looks for what refers to itself. A full
collection looks through all that lives: 200 ms in a gateway with 5,000 sockets, every ten seconds or so, in which
nobody was told anything. What has lived through one is therefore put aside, so that the next looks at what is new
since.

Invariant: what is put aside is still freed when nobody refers to it. Only what comes to refer to itself afterwards
stays until the process ends, so nothing that comes and goes by the thousand (requests, sockets, events) may: tests hold
the gateway to that.
"""

import gc
from collections.abc import Mapping

OLDEST = 2
"""The generation whose collection looks at everything that is not put aside."""


def begin() -> None:
    """Puts aside what stands, and from now on what lives through a full collection."""
    gc.collect()
    gc.freeze()
    if _collected not in gc.callbacks:
        gc.callbacks.append(_collected)


def _collected(phase: str, told: Mapping[str, int]) -> None:
    if phase == "stop" and told["generation"] == OLDEST:
        gc.freeze()
