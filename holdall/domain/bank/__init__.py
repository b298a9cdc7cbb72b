"""Bank statements: entries read from CAMT.053 and CSV, matched with open invoices, and booked once."""
