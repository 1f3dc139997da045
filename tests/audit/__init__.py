"""Whether locked packages are known to be vulnerable: ``make audit``."""
