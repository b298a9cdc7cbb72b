"""Writes the invoices of the demo into the package, over those that are there."""

from pathlib import Path

from .documents import documents
from .ubl import xml

TARGET = Path(__file__).parents[2] / "holdall" / "demo" / "invoices"

TARGET.mkdir(parents=True, exist_ok=True)
for document in documents():
    name = document.number.lower().replace("/", "-")
    (TARGET / f"{name}.xml").write_bytes(xml(document))
print(f"{len(documents())} documents in {TARGET}")
