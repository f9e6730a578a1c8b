"""Makers of tiny models with random weights: real files for real engines, without anybody's weights."""
