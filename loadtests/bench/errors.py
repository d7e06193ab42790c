"""What ends a benchmark without a number."""


class BenchError(Exception):
    """Something was measured that is not what the row says. The text tells what, and nothing is reported."""
