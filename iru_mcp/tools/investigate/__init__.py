"""Tools that answer a whole question of an investigation: dossier, timeline, indicator search."""
