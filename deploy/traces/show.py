"""`just trace`: prints the trace that a person names, or the last one that ended in a frame on a socket.

Exit status: 0 printed · 1 there is none.
"""

import argparse
import re
import sys
from collections.abc import Sequence

from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.traces.spans import KeptSpan, Spans
from deploy.traces.waterfall import draw

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="just trace", description="The way of one event through the services.")
    parser.add_argument("what", nargs="?", help="a trace id, request id or order id; none: the last order's way")
    parser.add_argument("--last", action="store_true", help="the last order's way, which is what you get without it")
    options = parser.parse_args(arguments)
    try:
        layout = Layout.from_environment()
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = find(list(Spans(layout.traces).read()), None if options.last else options.what)
    if not found:
        sys.stderr.write(
            "There is no such trace. Spans are kept while `just up traces` runs, and come within two seconds.\n"
        )
        return 1
    sys.stdout.write("\n".join(draw(found)) + "\n")
    return 0


def find(spans: Sequence[KeptSpan], what: str | None) -> list[KeptSpan]:
    """The spans of the trace: with that id, or the last in which a span has it as an attribute, or, when nothing is
    asked for, the last that ended in a frame."""
    if what is None:
        trace_id = next((span.trace_id for span in reversed(spans) if span.name == "write"), None)
    elif (match := _TRACEPARENT.fullmatch(what)) is not None:
        trace_id = match[1]
    else:
        named = (span.trace_id for span in reversed(spans) if what == span.trace_id or what in span.attributes.values())
        trace_id = next(named, None)
    return [span for span in spans if span.trace_id == trace_id]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
