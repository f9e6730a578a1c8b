"""What the gateway remembers, behind interfaces: any number of processes may share it."""
