"""The page that the device serves: hold to talk, and what it heard and said."""
