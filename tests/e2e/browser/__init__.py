"""The browser client in Chromium, on one whole stack that its files share in each worker.

Invariants: a test finds what its own fixtures made and counts on nothing that another left, nor on its absence; so what
it orders is its own, and is called back afterwards. Who needs a stack with other settings, or to be alone with it,
stands outside, with a stack of its own.
"""
