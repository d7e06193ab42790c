"""What the OpenAPI documents promise holds for whatever is sent: no 5xx, no undocumented status, no other shape."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import Stack
from tests.support import bearer, identity, own_stack

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 6
PHASES = {"admin": "coverage,fuzzing", "anybody": "fuzzing"}
"""Who is not signed in is mostly told so, whatever they send: for them a few of everything will do."""

CONTEXTS = ("accounts", "catalog", "orders", "analytics", "realtime")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with own_stack({"orders": 1}) as stack:
        yield stack


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("role", PHASES)
def test_nothing_that_is_sent_gets_an_answer_that_is_not_documented(
    stack: Stack, context: str, role: str, tmp_path: Path
) -> None:
    document = f"{stack.addresses.edge}/api/{context}/openapi.json"
    headers = bearer(stack, identity("admin")) if role == "admin" else {}
    run = subprocess.run(  # noqa: S603  our own words
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", document, "--checks", CHECKS),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--phases", PHASES[role]),
            *(word for name, value in headers.items() for word in ("--header", f"{name}: {value}")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_route_documents_its_problems(stack: Stack, context: str) -> None:
    with urllib.request.urlopen(f"{stack.addresses.edge}/api/{context}/openapi.json") as answer:  # noqa: S310
        document = json.load(answer)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            statuses = set(operation["responses"])
            assert "429" in statuses, (path, method)
            assert "requestBody" not in operation or {"400", "413", "415"} <= statuses, (path, method)
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)
