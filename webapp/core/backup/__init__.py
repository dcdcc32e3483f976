"""`flask backup` and `flask restore`: everything that must not be lost, in one file.

The file is a ZIP: one member of Postgres' COPY text for each table, the uploads, and a manifest of row counts and
checksums. Tables, columns and their order are read from the database itself, not from the models, so a backup of an
older release can be restored at its own schema version and migrated afterwards. Redis only carries hints; nothing of
it is kept. What is sealed stays sealed: without ENCRYPTION_KEY it cannot be opened.
"""
