"""The compatibility site: static pages over one or many runs."""
