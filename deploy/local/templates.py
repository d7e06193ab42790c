"""Renders the configuration templates of deploy/: `{{name}}` is replaced, nothing else happens.

Refuses a template that asks for a value nobody gave, and a value that no template asks for: both are mistakes.
Why not string.Template: `$` is Nginx's and NATS's own sign.

An image's build runs this file by itself, without the rest of the package and with nothing but Python installed:
`python3 templates.py nginx.conf slots.toml` prints the configuration with the values of slots.toml.
"""

import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

_SLOT = re.compile(r"\{\{(\w+)\}\}")


def render(template: Path, values: Mapping[str, str]) -> str:
    text = template.read_text()
    asked = set(_SLOT.findall(text))
    if asked != set(values):
        raise ValueError(f"{template}: asked for {sorted(asked)}, given {sorted(values)}")
    return _SLOT.sub(lambda slot: values[slot[1]], text)


def write_if_changed(path: Path, text: str, mode: int = 0o600) -> bool:
    """True when the file's text is new: then whoever reads it has to be told."""
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(text)
    return True


def main(template: str, slots: str) -> None:
    sys.stdout.write(render(Path(template), tomllib.loads(Path(slots).read_text())))


if __name__ == "__main__":
    main(*sys.argv[1:])
