"""The contracts between contexts: what is published, on which subject, in which stream, and what a socket says.

Owns the shape of every envelope and frame. Imports msgspec and the standard library alone, so that any process may
import it. A published shape is never changed: fields are added with a default, or a new `version` is introduced
beside the old one, and `tests/contract/golden` holds the bytes of each version for ever.
"""
