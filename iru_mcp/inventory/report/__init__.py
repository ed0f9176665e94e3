"""The copy as one HTML page."""
