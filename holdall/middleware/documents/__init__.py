"""Parts of the document serializers: a document is read back exactly as it was written, or is refused."""
