"""refergate: call transfers between SIP, ISDN and H.323."""
