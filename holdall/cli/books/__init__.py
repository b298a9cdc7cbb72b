"""The commands on the books of a seller: invoices, payments and receivables."""
