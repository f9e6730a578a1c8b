"""Small models that the tests and benches make for themselves: real files, real inference, no sense."""
