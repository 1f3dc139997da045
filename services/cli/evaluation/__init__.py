"""A talk through the system, and what is measured of it."""
