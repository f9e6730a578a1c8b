"""Sound: frames, files, voice activity, endpointing, playing."""
