"""PostgreSQL and Valkey from wheels, for machines that have neither.

Every process that needs a server holds a shared lock (`sharing.py`). One small process per server (`keeper.py`)
starts it, starts it again when it dies, and stops it once nobody holds the lock any more. The kernel counts the
holders and drops the lock of a killed process, so that the count is never wrong.
"""
