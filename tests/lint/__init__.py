"""The rules about what is sound and unwise."""
