"""H.245: what two endpoints say to one another about media, on a connection of their own or tunnelled in H.225.0."""
