"""The documentation of the wire, made from what the code declares. `manage.py generate_docs` writes it."""
