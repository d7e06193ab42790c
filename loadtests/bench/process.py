"""What one process takes, by /proc: Linux only. Its threads count, its children do not."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time since its start, in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kib(pid: int) -> int:
    """Memory that is resident now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has no memory: it has ended")
