"""The hub: calls of two legs, and transfers between them. It knows legs, trunks and routes, and no wire format."""
