"""`python -m deploy.web NAME`: one of the browser client's tools, on the locked Node, with its packages installed.

`contracts` writes what the client is typed by; every other name is a script of `web/package.json`. Exit status: the
tool's own; 1 when it could not be started, 2 for a mistake on the command line.
"""

import subprocess
import sys

from deploy.local import StackError
from deploy.local.layout import REPOSITORY
from deploy.local.node import NODE, NPM, alone, environment, install
from deploy.web import contracts

WEB = REPOSITORY / "web"


def main(words: list[str]) -> int:
    if not words:
        sys.stderr.write("Which of its tools? lint, format, types, test, contracts, dev\n")
        return 2
    try:
        with alone(WEB / ".lock"):
            install(WEB)
    except StackError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return 1
    name, *rest = words
    if name == "contracts":
        contracts.write()
    command = [str(NODE), str(NPM), "run", "--silent", name, "--", *rest]
    return subprocess.run(command, cwd=WEB, env=environment(), check=False).returncode  # noqa: S603  our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
