"""The release of this package."""

VERSION = "0.1.0"
"""The same as that of `migrated` and `migratectl`: an embedded daemon of another release is replaced."""
