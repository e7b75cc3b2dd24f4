"""What can be wrong with a project's files, one module a matter."""
