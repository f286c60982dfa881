"""The recording proxy, for programs in any language: requests go through it to one server, and become a cassette."""
