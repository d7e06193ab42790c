"""Judged searches: what people type, and which real products are a right answer to it.

Made by hand from the demo's catalogue. A line of `tuned.txt` (ranking was tuned on it) or of `held_out.txt` (it was
not) is

    query | pattern ; pattern ; !pattern | size ; size

A pattern names the product types that count as right, as fnmatch does; with " > " in it, the category before the type.
One with "!" takes out again. Sizes stand where the query names one: the product's unit must be one of them.
"""
