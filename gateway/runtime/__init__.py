"""The running server: sockets, TLS, names, store, records, signals. Thin; the engine does the work."""
