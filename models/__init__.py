"""The models that engines run on: which there are, which fit this board, and how they come here."""
