"""The safety gate: a verdict on every text, in both directions, that fails closed."""
