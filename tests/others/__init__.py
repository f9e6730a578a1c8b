"""Proof against servers that others wrote, each in an environment of its own."""
