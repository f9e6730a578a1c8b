"""twominds: a voice agent on a board, with a fast mind on it and a deep one in the cloud."""

__version__ = "0.1.0"
