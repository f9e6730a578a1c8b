"""Things a person touches or sees: button, lights, robot, and their simulators."""
