"""twominds: an embedded voice agent. One asyncio process, two minds: a fast one on board, a deep one in the cloud."""

__version__ = "0.1.0"
