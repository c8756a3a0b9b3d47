"""The suite tried on the running cluster: what it must see, must not see, must not do and must not tell."""
