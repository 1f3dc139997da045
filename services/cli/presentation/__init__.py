"""A talk and its figures, as people and other programs see them."""
