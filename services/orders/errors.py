"""What the domain refused, as problem documents: the status and code of each error, with the present value.

Invariant: every DomainError has its answer here; none reaches a client as a 500.
"""

from typing import Any

import msgspec
from litestar import Request, Response

from services.orders import credit, domain, pricing, proof
from shared.http.errors import answer_error
from shared.http.problems import FieldError, Problem, busy, invalid

_CODES = {domain.StaleVersionError: "version", domain.StockAwaitedError: "stock"}


def answer_domain_error(request: Request[Any, Any, Any], error: domain.DomainError) -> Response[bytes]:
    """The exception handler for what the domain refused."""
    return answer_error(request, _problem_of(error))


def _problem_of(error: domain.DomainError) -> Problem:
    """Of a step, a route or a proof; the rest is about a new order."""
    match error:
        case domain.NeverAllowedError():
            return Problem(403, str(error), code="forbidden")
        case domain.MovedOnError():
            code = _CODES.get(type(error), "state")
            now = {"status": error.order.status, "version": error.order.version}
            return Problem(409, str(error), code=code, present={"present": now})
        case domain.DriverError():
            return Problem(409, str(error), code="driver", errors=[FieldError("driver_id", str(error))])
        case domain.OffDutyError():
            return Problem(409, str(error), code="duty")
        case domain.RouteError():
            route = {"order_ids": error.present}
            errors = [FieldError("order_ids", str(error))]
            return Problem(409, str(error), code="route", errors=errors, present={"present": route})
        case proof.ProvedError():
            return Problem(409, str(error), code="proved", present={"present": msgspec.to_builtins(error.present)})
        case proof.ImageTooLargeError():
            return _problem_of_image(413, error)
        case proof.UnknownImageError():
            return _problem_of_image(415, error)
        case _:
            return _problem_of_placing(error)


def _problem_of_placing(error: domain.DomainError) -> Problem:
    match error:
        case credit.OverLimitError():
            account = {**msgspec.to_builtins(error.credit), "total_cents": error.total_cents}
            return Problem(409, str(error), code="credit", present={"present": account})
        case pricing.StaleBookError():
            return busy(str(error))
        case pricing.UnknownProductError():
            return invalid(*_line_errors(error))
        case pricing.PriceChangedError():
            prices = [
                {"product_id": price.product_id, "price_cents": price.price_cents, "version": price.version}
                for price in error.present
            ]
            return Problem(409, str(error), code="price", errors=_line_errors(error), present={"present": prices})
        case pricing.LineError():
            return Problem(409, str(error), code="inactive", errors=_line_errors(error))
        case _:
            return Problem(409, str(error), code="inactive")


def _problem_of_image(status: int, error: domain.DomainError) -> Problem:
    return Problem(status, f"image: {error}", code="image", errors=[FieldError("image", str(error))])


def _line_errors(error: pricing.LineError) -> list[FieldError]:
    field = "price_cents" if isinstance(error, pricing.PriceChangedError) else "product_id"
    return [FieldError(f"items[{place}].{field}", detail) for place, detail in error.lines.items()]
