"""A game day on the demo shop: something breaks in secret, and a team finds the cause with Outrider alone."""
