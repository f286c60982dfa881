"""Views of a run for other programs, and for places where no page fits: JUnit, SARIF, Markdown, tables, badges."""
