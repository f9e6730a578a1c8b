"""The replies that were good before: looked up, learned, rendered, and looked into by commands."""
