"""Power cuts: the stores under load in a guest that is killed in mid-write, and what is there afterwards."""
