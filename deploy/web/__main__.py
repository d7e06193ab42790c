"""`python -m deploy.web NAME`: one of the browser client's tools, on the locked Node, with its packages installed.

`build`, or nothing, makes `web/dist` when it is missing or old, as `just up` does, and says what its parts weigh;
`contracts` writes what the client is typed by; every other name is a script of `web/package.json`. Exit status: the
tool's own; 1 when it cannot start.
"""

import subprocess
import sys

from deploy.local import PartError, StackError, client
from deploy.local.client import WEB
from deploy.local.node import NODE, NPM, alone, environment, install
from deploy.web import contracts


def main(words: list[str]) -> int:
    name, *rest = words or ["build"]
    try:
        if name == "build":
            state = "built" if client.build() else "as its sources are"
            sys.stdout.write(f"web/dist is {state}:\n{client.weights()}")
            return 0
        with alone(WEB / ".lock"):
            install(WEB)
    except StackError as error:
        said = error.lines if isinstance(error, PartError) else ()
        sys.stderr.write("\n".join([*said, str(error), error.hint]).strip() + "\n")
        return 1
    if name == "contracts":
        contracts.write()
    command = [str(NODE), str(NPM), "run", "--silent", name, "--", *rest]
    return subprocess.run(command, cwd=WEB, env=environment(), check=False).returncode  # noqa: S603  our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
