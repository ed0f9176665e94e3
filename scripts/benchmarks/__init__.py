"""Measurements of iru-mcp beside their floors, by public means alone."""
