"""ISDN: Q.931 messages, Q.932 Facility, ROSE."""
