"""`python -m tests.fuzz 100_000`: frames of any kind against a gateway. Exit status: 0 when all held, else 1."""

import sys

from tests.fuzz.run import main

sys.exit(main(sys.argv[1:]))
