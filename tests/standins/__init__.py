"""Small servers that speak Amazon's wire formats, as far as tests need them, with faults to order."""
