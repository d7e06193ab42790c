"""`just bench`: what Larder does in a second, as a ratio to what the same machine does at best, in the same run.

A row of the table is a file here (`place.py`, `listing.py`), named in `rows.py`. How it is measured, and why so, is in
docs/adr/0021 and docs/performance.md.
"""
