"""Amounts in logarithmic buckets, which add up: percentiles of any sum of histograms are as good as of one.

Bucket b holds what lies from 2^(b/8) until before 2^((b+1)/8). A percentile is told as the geometric middle of its
bucket, so it is off by a factor of at most 2^(1/16), 4.4 %, either way. (Averages of percentiles are off by anything.)

Invariant: whatever is counted counts: below LEAST it is in the first bucket, above MOST in the last.
"""

import math
from collections.abc import Mapping

BUCKETS_PER_DOUBLING = 8

RELATIVE_ERROR = 2 ** (0.5 / BUCKETS_PER_DOUBLING) - 1
"""Of a percentile, at most: 0.044."""

LEAST, MOST = 2.0**-10, 2.0**40
"""In seconds about a millisecond and 35,000 years, in cents eleven billion: beyond is a mistake somewhere else."""


def bucket_of(value: float) -> int:
    """Seconds, lines or cents; -80 to 320."""
    return math.floor(math.log2(min(max(value, LEAST), MOST)) * BUCKETS_PER_DOUBLING)


def middle_of(bucket: int) -> float:
    """What is told of what is in it."""
    return float(2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING))


def percentile(amounts: Mapping[int, int], share: float) -> float | None:
    """The nearest-rank percentile of amounts by bucket, 0 < share <= 1; None of nothing."""
    rank = math.ceil(sum(amounts.values()) * share)
    if rank == 0:
        return None
    seen = 0
    for bucket in sorted(amounts):
        seen += amounts[bucket]
        if seen >= rank:
            return middle_of(bucket)
    raise ValueError(f"there is no share {share}")
