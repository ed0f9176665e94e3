"""Tools over Prism, the inventory that devices report. Begin with page.py: what all of them share."""
