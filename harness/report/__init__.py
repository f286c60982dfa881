"""Results as people and other tools read them: HTML, JUnit, Markdown, badges. Everything here is a view of a Run."""
