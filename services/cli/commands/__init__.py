"""The commands of ``dragoman``, a module each."""
