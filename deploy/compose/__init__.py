"""Larder in containers, seen from outside: its secrets, and the proof that compose.yaml works."""
