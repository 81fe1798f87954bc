"""The configuration that `migratectl` and this package share."""

from migrated.config.keys import Settings
from migrated.config.loaded import FILE_NAME, Config
from migrated.config.target import Target

__all__ = ["FILE_NAME", "Config", "Settings", "Target"]
