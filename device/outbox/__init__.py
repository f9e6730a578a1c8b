"""What System 2 is to have later: kept until it has acknowledged it."""
