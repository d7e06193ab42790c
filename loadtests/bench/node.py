"""The Node peers of `loadtests/peers/node`: installed as their lock file says, run by the stack in place of services
that a row does not need.
"""

from collections.abc import Callable, Mapping

from deploy.local import Service, node
from deploy.local.layout import REPOSITORY
from deploy.local.programs import Wiring

PROJECT = REPOSITORY / "loadtests" / "peers" / "node"


def install() -> None:
    """Raises StackError."""
    node.install(PROJECT)


def in_place_of(name: str, script: str, settings: Callable[[Wiring], Mapping[str, str]]) -> Service:
    """The peer as the stack's service `name`, whose address it takes; `settings` come on top of it."""
    return Service(
        name, (str(node.NODE), str(PROJECT / script)), lambda wiring: {"NODE_ENV": "production", **settings(wiring)}
    )
