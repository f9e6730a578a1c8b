"""The reference System 2: what devices talk to, on a laptop or a server."""
