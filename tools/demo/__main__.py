"""Writes the invoices of the demo into the package and replaces the earlier ones."""

from pathlib import Path

from .documents import documents
from .ubl import files

TARGET = Path(__file__).parents[2] / "holdall" / "demo" / "invoices"

TARGET.mkdir(parents=True, exist_ok=True)
made = files(documents())
for name, content in made.items():
    (TARGET / name).write_bytes(content)
print(f"{len(made)} documents in {TARGET}")
