"""The embedded daemon: one for each project and user, started when it is first needed, gone when it is idle.

`migratectl` and this package share it: the same folder, socket and locks.
"""
