"""YAML tables under `mappings/`: read, checked against a schema, errors with file, line and key."""
