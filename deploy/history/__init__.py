"""The year of real baskets as orders, each dated as its basket, through outbox and stream; and what must come of them.

`just load-history` puts them into the running stack, `just oracle` into one of its own, and compares what analytics
then says with a group-by over the source's files, to the cent.
"""
