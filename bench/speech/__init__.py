"""Measuring recognition on real and synthetic speech. Needs ../shared/data; not part of the product."""
