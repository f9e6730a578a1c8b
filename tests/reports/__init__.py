"""Reports: measurements on real data, written into docs/."""
