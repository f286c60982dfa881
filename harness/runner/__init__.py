"""Plans a run, carries it out, and writes its results."""
