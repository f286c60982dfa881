"""Recorded exchanges: cassette files, and the choice of the recorded answer to a request."""
