"""A speaker's and a listener's side of the services: what they send, receive, hear and read."""
