"""SIP: message, URI and header codec. Sans-IO: text and octets in, values out."""
