"""A dated copy of the tenant in one SQLite file: synced, compared, queried, watched, drawn and exported."""
