"""The rookery command, one module a family of verbs."""
