"""Who thinks: an endpoint that speaks OpenAI's protocol, or a script."""
