"""Who this device is, and how it is set up."""
