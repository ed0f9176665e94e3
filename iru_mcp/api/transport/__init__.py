"""From a declared request to decoded JSON: one GET, its limits, its retries, its cache. Begin with wire.py."""
