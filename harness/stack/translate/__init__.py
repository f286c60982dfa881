"""Any dialect in, any dialect out: requests one way, streams the other, and by name what cannot be said."""
