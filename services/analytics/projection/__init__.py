"""The stream of orders folded into roll-ups, and the names that these are told by."""
