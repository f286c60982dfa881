"""What the pytest plugin hands to users' own tests: an origin that runs beside them, and cases that judge."""
