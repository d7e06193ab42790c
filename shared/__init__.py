"""Plumbing without a domain noun, used by two services or more. Imports `proto`, never a service."""
