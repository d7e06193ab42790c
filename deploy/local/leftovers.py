"""Ends what a program that was killed left behind. Run by the launcher before a program starts again, with its pids.

supervisord starts a killed program again at once; the children that it led may still hold its port. Ends nothing that
is not in a process group which the pid file records.
"""

import sys
from pathlib import Path

from deploy.local import processes

if __name__ == "__main__":
    processes.end(processes.owned(Path(sys.argv[1])), patience=2)
