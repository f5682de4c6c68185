"""PostgreSQL and Valkey from wheels, for machines that have neither: kept beside each other's users, stopped by the last.

Every process that needs a server holds a shared lock (`sharing.py`). One small process per server (`keeper.py`) starts it,
starts it again when it dies, and stops it once nobody holds the lock any more. The kernel drops the locks of a killed
process, so there is no count that could be wrong.
"""
