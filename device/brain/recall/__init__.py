"""Finding the reply that was good before: whether a kept question asks what an utterance asks."""
