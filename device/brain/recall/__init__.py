"""Finding the reply that was good before: what an utterance asks, and whether a kept question asks the same."""
