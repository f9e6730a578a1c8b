"""The safety gate: a verdict on every text, from the person or for the speaker, that fails closed."""
