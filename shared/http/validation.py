"""All that is wrong with a body, field by field.

msgspec stops at the first mistake, which is right for the hot path; a person who filled in a form wants them all. This
runs only after a body was refused.
"""

import re
from typing import Any, get_args, get_origin

import msgspec

from shared.http.problems import FieldCode, FieldError

MOST = 20
"""Errors told at once: more help nobody."""

_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_BOUND = re.compile(r"Expected `(?P<kind>\w+)`(?: of length)? (?P<side>[<>])=? (?P<limit>\S+)")
# Every kind that msgspec bounds.
_CODES: dict[str, dict[str, FieldCode]] = {
    "str": {">": "short", "<": "long"},
    "bytes": {">": "short", "<": "long"},
    "array": {">": "few", "<": "many"},
    "object": {">": "few", "<": "many"},
    "int": {">": "small", "<": "large"},
    "float": {">": "small", "<": "large"},
}


def field_errors(body: object, kind: Any) -> list[FieldError]:
    """The mistakes in `body` (decoded JSON) against `kind`; at most MOST. Empty when there is none."""
    errors: list[FieldError] = []
    _collect(body, kind, "", errors)
    return errors[:MOST]


def _collect(value: object, kind: Any, path: str, errors: list[FieldError]) -> None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        struct, inner = _struct_of(kind), _element_of(kind)
        if struct is not None and isinstance(value, dict):
            _collect_fields(value, struct, path, errors)
        elif inner is not None and isinstance(value, list):
            before = len(errors)
            for place, element in enumerate(value):
                _collect(element, inner, f"{path}[{place}]", errors)
            if len(errors) == before:
                errors.append(field_error(path or "body", str(error)))
        else:
            errors.append(field_error(path or "body", str(error)))


def _collect_fields(
    value: dict[str, object], struct: type[msgspec.Struct], path: str, errors: list[FieldError]
) -> None:
    before = len(errors)
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for name, field in fields.items():
        place = f"{path}.{name}" if path else name
        if name in value:
            _collect(value[name], field.type, place, errors)
        elif field.required:
            errors.append(FieldError(place, "is required", "required"))
    if struct.__struct_config__.forbid_unknown_fields:
        errors.extend(
            FieldError(f"{path}.{name}" if path else str(name), "is not a known field")
            for name in value
            if name not in fields
        )
    if len(errors) == before:
        errors.append(FieldError(path or "body", "is not valid"))


def field_error(field: str, told: str) -> FieldError:
    """What msgspec told of a field, with its code and limit."""
    detail = _AT.sub("", told)
    bound = _BOUND.fullmatch(detail)
    if bound is None:
        return FieldError(field, detail, "form")
    limit = msgspec.json.decode(bound["limit"], type=int | float)
    return FieldError(field, detail, _CODES[bound["kind"]][bound["side"]], limit)


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The Struct in `kind`, through Annotated and `| None`."""
    for candidate in (kind, *get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _element_of(kind: Any) -> Any:
    """The element's type of a list or tuple in `kind`, through Annotated."""
    for candidate in (kind, *get_args(kind)):
        if get_origin(candidate) in (list, tuple):
            return get_args(candidate)[0]
    return None
