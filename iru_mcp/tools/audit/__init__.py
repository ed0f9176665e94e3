"""Tools about the audit log: who changed or viewed what in Iru itself."""
