"""PostgreSQL as Django knows it, less one question a request: see `base`."""
