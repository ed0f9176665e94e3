"""Tools about what endpoint detection and response found."""
