"""The ends: legs of the hub as each protocol has them (SIP; later ISDN and H.323)."""
