"""The benchmark's realtime rows: what the gateway costs and how fast it is, with thousands of sockets.

`crowd.py` is the client of all rows, in the benchmark's own process; `people.py` says whose sockets they are;
`events.py` makes the events that are told. A row is a file: `frames.py`, `latency.py`, `idle.py`, `unconcerned.py`.
"""
