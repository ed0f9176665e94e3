"""What tools are made of. Begin with catalogue.py (the declaration) and listing.py (how a list is read and cut)."""
