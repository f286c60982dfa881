"""Real endpoints: which providers there are, what they are asked, what they answered, and what became of it since."""
