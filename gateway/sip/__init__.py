"""SIP: message, URI and header codec."""
