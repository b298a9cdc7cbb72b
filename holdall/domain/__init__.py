"""Accounts receivable: invoices, payments against accounting codes, and what is still owed."""
