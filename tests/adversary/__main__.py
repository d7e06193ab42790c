"""`python -m tests.adversary 30m --seed 7`: the adversarial test as a command. Exit status: 0 when all held, else 1."""

import sys

from tests.adversary.run import main

sys.exit(main(sys.argv[1:]))
