"""H.225.0 RAS: an endpoint and its gatekeeper; H.235.1 between them."""
