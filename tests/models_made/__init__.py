"""Small models with random weights, made by the tests: real files for real engines."""
