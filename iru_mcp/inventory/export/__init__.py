"""The copy written out for other systems: files of rows, or the entities and relationships of a graph product."""
