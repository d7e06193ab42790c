"""Millions of orders as the real stores would have placed them: for plans, measurements and screens on a large table.

`python -m deploy.seed 1_000_000`. `shape` says what is drawn from the real baskets; `generator` writes it. Owns no
table and is no part of the running system.
"""
