"""Settings, the tenant they name and where its token is kept."""
