"""Writes the JSON Schema of small invoice documents into the package: python tools/invoice_schema.py."""

from holdall.domain.create.json_schema import FILE, as_text

FILE.write_text(as_text(), encoding="utf-8")
