"""Makes the invoices of the demo from documents.toml: python -m tools.demo."""
