"""The OpenAPI document of a service, at `<path>/openapi.json`: every status that can come, problems included."""

from http import HTTPStatus

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin

from shared.http.problems import MEDIA_TYPE, ProblemDocument


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """Problem documents for these statuses, for a route's `responses`."""
    return {
        status: ResponseSpec(
            ProblemDocument, generate_examples=False, description=HTTPStatus(status).phrase, media_type=MEDIA_TYPE
        )
        for status in statuses
    }


def openapi_config(title: str, path: str) -> OpenAPIConfig:
    """`path` is the service's root, `/api/orders`. JSON alone: people read the guide in docs/."""
    return OpenAPIConfig(
        title=title,
        version="1",
        # The document alone, and not a page of its own at `path`, where the service's routes are.
        path=f"{path}/openapi.json",
        render_plugins=[JsonRenderPlugin(path="/")],
        use_handler_docstrings=True,
    )
