"""The REST API: who may connect, what was said, and erasing it."""
