"""Measurements that the project publishes: `make bench` and `make replay`. Not part of the installation."""
