"""What third-party systems really do, shown without the harness: docs/findings/README.md says how."""
