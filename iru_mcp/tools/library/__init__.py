"""Tools about the library: what is in it, in which blueprints, and how an item stands on devices."""
