"""H.323: TPKT, H.225.0 call signalling, H.450.1."""
