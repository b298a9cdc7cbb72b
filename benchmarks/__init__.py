"""Speed beside peers: every contest is run in turns, in one process, on the same documents."""
