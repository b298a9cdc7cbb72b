"""Makes the invoices of the demo from documents.toml. Run it by python -m tools.demo."""
