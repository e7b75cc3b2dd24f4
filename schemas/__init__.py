"""The published JSON Schemas of the language, one a kind; the single source of its shape."""
