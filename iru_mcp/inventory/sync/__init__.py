"""From Iru to the copy. Begin with run.py: pages are staged, then committed in one transaction."""
