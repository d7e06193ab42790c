"""Spans as they are kept: one JSON line each, in two files of bounded size.

Invariants: a line is written whole or not read; what is kept of the past is between one and two files' worth, the
oldest goes. Refuses what is no OTLP.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

FILE_BYTES = 32 * 1024 * 1024
"""About 80,000 spans."""

Value = str | int | float | bool


class KeptSpan(msgspec.Struct, frozen=True):
    """Ids are hexadecimal, times Unix nanoseconds. `instance` tells replicas of a service apart."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    instance: str
    name: str
    start: int
    end: int
    attributes: dict[str, Value]
    failed: bool


class NoSpansError(Exception):
    """The bytes are no OTLP request of spans."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(KeptSpan)


def decode(body: bytes) -> list[KeptSpan]:
    """The spans of an ExportTraceServiceRequest in protobuf. Raises NoSpansError."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise NoSpansError(str(error)) from error
    found = []
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        found += [
            KeptSpan(
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex() or None,
                service=str(resource.get("service.name", "")),
                instance=str(resource.get("service.instance.id", "")),
                name=span.name,
                start=span.start_time_unix_nano,
                end=span.end_time_unix_nano,
                attributes=_attributes(span.attributes),
                failed=span.status.code == Status.STATUS_CODE_ERROR,
            )
            for scope in group.scope_spans
            for span in scope.spans
        ]
    return found


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Value]:
    """Those with a plain value."""
    kinds = {"string_value", "int_value", "double_value", "bool_value"}
    found = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        if kind in kinds:
            found[pair.key] = getattr(pair.value, kind)
    return found


class Spans:
    """The files in a directory, made where there is none."""

    def __init__(self, directory: Path, file_bytes: int = FILE_BYTES) -> None:
        self._newest, self._older = directory / "spans.jsonl", directory / "spans.1.jsonl"
        self._file_bytes = file_bytes

    def add(self, spans: Sequence[KeptSpan]) -> None:
        self._newest.parent.mkdir(mode=0o700, exist_ok=True)
        if self._newest.exists() and self._newest.stat().st_size > self._file_bytes:
            self._newest.replace(self._older)
        with self._newest.open("ab") as file:
            file.write(b"".join(_encoder.encode(span) + b"\n" for span in spans))

    def read(self) -> Iterator[KeptSpan]:
        """The oldest first, as they came."""
        for path in (self._older, self._newest):
            if path.exists():
                with path.open("rb") as file:
                    yield from (_decoder.decode(line) for line in file if line.endswith(b"\n"))
