"""Forgetting what people said: on request, in time, and where consent is taken back."""
