"""Many talks at once, with recorded recognizer output: what each service carries by itself."""
