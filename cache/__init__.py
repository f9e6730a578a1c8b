"""What the device keeps on disk: SQLite stores that know nothing of the device."""
