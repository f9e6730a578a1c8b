"""How the weights in the repository were made. Not part of what is installed."""
