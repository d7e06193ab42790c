"""The services: each owns its schema, imports `shared` and `proto`, and never another service."""
