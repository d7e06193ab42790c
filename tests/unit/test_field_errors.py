"""What is wrong with a body, field by field, with a code and a limit for programs that have words of their own."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest

from shared.http.problems import FieldError
from shared.http.validation import field_errors


class Line(msgspec.Struct, forbid_unknown_fields=True):
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=2, max_length=4, pattern=r"^\S*$")] = "milk"
    lines: Annotated[list[Line], msgspec.Meta(max_length=2)] = []
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] = 0
    tags: Annotated[dict[str, str], msgspec.Meta(max_length=1)] = {}
    image: Annotated[bytes, msgspec.Meta(min_length=2)] = b"oo"
    mode: Literal["all", "good"] = "all"
    order_id: UUID | None = None


@pytest.mark.parametrize(
    ("body", "field", "code", "limit"),
    [
        ({"name": "m"}, "name", "short", 2),
        ({"name": "butter"}, "name", "long", 4),
        ({"name": "m lk"}, "name", "form", None),
        ({"name": 7}, "name", "form", None),
        ({"lines": [{"quantity": 1}] * 3}, "lines", "many", 2),
        ({"lines": [{"quantity": 1}, {"quantity": 0}]}, "lines[1].quantity", "small", 1),
        ({"lines": [{"quantity": 1000}]}, "lines[0].quantity", "large", 999),
        ({"lines": [{}]}, "lines[0].quantity", "required", None),
        ({"lat": -90.5}, "lat", "small", -90),
        ({"tags": {"a": "", "b": ""}}, "tags", "many", 1),
        ({"image": "bw=="}, "image", "short", 2),
        ({"mode": "some"}, "mode", "form", None),
        ({"order_id": "seven"}, "order_id", "form", None),
        ({"colour": "red"}, "colour", None, None),
        ([], "body", "form", None),
    ],
)
def test_a_mistake_has_its_field_its_code_and_the_limit_that_was_not_kept(
    body: object, field: str, code: str | None, limit: float | None
) -> None:
    (error,) = field_errors(body, Body)
    assert (error.field, error.code, error.limit) == (field, code, limit)
    assert error.detail


def test_what_has_no_code_is_told_without_one() -> None:
    assert msgspec.json.encode(FieldError("timezone", "is no zone")) == b'{"field":"timezone","detail":"is no zone"}'
