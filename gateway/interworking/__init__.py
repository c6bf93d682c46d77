"""The middle: correlator, cause map, address map, translation. It knows no wire format."""
