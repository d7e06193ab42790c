"""Errors as people's programs read them: RFC 9457 problem documents.

Invariants: every error answer of a service has this shape, its media type and the request's id; a validation error
names each field that is wrong. Nothing of an unexpected error's text gets out: it is in the log under the id.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

import msgspec

from shared.http.types import Send

MEDIA_TYPE = "application/problem+json"


FieldCode = Literal["required", "short", "long", "few", "many", "small", "large", "form", "unknown", "taken", "wrong"]
"""What is wrong with a field. `short` and `long` are of texts, in characters, `few` and `many` of lists, `small` and
`large` of numbers; `form`: it is no such thing; `unknown`: it names nothing that is there; `taken`: something else has
it, and only one may."""


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """`field` is a path such as `items[0].quantity`, a header's name or a parameter's. `code` is for programs that have
    words of their own, with the `limit` that was not kept; null where `detail` alone says it."""

    field: str
    detail: str
    code: FieldCode | None = None
    limit: float | None = None


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`code` is for programs, stable; `detail` is for people. `retry_after_s` repeats Retry-After."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    code: str | None = None
    errors: tuple[FieldError, ...] = ()
    retry_after_s: int | None = None


class Problem(Exception):
    """An answer that is an error. `present` are members with the present value, for a 409: they stand in the document
    as they are."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
        present: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s
        self.present = dict(present or {})
        self.headers = dict(headers or {})

    def all_headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers

    def document(self, request_id: str) -> bytes:
        body: dict[str, Any] = msgspec.to_builtins(
            ProblemDocument(
                type="about:blank",
                title=HTTPStatus(self.status).phrase,
                status=self.status,
                detail=self.detail,
                request_id=request_id,
                code=self.code,
                errors=self.errors,
                retry_after_s=self.retry_after_s,
            )
        )
        return msgspec.json.encode({**body, **self.present})


def invalid(*errors: FieldError) -> Problem:
    """400 for input that is wrong in these places."""
    return Problem(400, "; ".join(f"{error.field}: {error.detail}" for error in errors), code="invalid", errors=errors)


def invalid_field(field: str, detail: str, code: FieldCode | None = None) -> Problem:
    return invalid(FieldError(field, detail, code))


def not_found(what: str) -> Problem:
    """404, in the same words for what is not there and what is not to be seen."""
    return Problem(404, f"There is no such {what}.", code="not_found")


def busy(detail: str = "The service is busy. Send the same request again.") -> Problem:
    """503: nothing was stored, and the same request may be sent again."""
    return Problem(503, detail, code="busy", retry_after_s=1)


async def send_problem(send: Send, problem: Problem, request_id: str) -> None:
    """As an ASGI answer, for what is refused before any route."""
    body = problem.document(request_id)
    headers = {**problem.all_headers(), "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
