"""Filling the copy on demand: which tables a question needs, what they cost, where the copy lies, and the fill."""
