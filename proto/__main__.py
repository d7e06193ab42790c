"""`python -m proto` writes what is generated from the contracts: `proto/schema` and `proto/asyncapi`.

Invariant: the folders hold what the Structs make and nothing else; a test in `tests/contract` refuses files that are
not fresh.
"""

from collections.abc import Mapping
from pathlib import Path

from proto.documents import documents
from proto.schemas import schemas

SCHEMAS = Path(__file__).parent / "schema"
DOCUMENTS = Path(__file__).parent / "asyncapi"


def generated() -> dict[Path, Mapping[str, bytes]]:
    """Folder → file name → content."""
    return {SCHEMAS: schemas(), DOCUMENTS: documents()}


def write() -> None:
    """Writes every file, and removes what no Struct stands for any more."""
    for folder, fresh in generated().items():
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.json"):
            if path.name not in fresh:
                path.unlink()
        for name, content in fresh.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    write()
