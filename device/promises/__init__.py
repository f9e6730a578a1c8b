"""Questions that are found out when System 2 can be asked again."""
