"""Every failure as an exception.

`MigratedError` is above all; below it is a class for each part of `docs/errors`, and below that one for each reason:
`UnknownRevision`, `MultipleHeads`, `StatementFailed`. A run that ended badly raises the class of its reason which is a
`RunFailed` too, with the run's result.
"""

from migrated.errors.access import *  # noqa: F403
from migrated.errors.base import AccessError as AccessError
from migrated.errors.base import ClientError as ClientError
from migrated.errors.base import EngineError as EngineError
from migrated.errors.base import GraphError as GraphError
from migrated.errors.base import MigratedError as MigratedError
from migrated.errors.base import Place as Place
from migrated.errors.base import RevisionFileError as RevisionFileError
from migrated.errors.base import SchemaError as SchemaError
from migrated.errors.base import StoreError as StoreError
from migrated.errors.base import TargetError as TargetError
from migrated.errors.base import VersionMismatch as VersionMismatch
from migrated.errors.client import *  # noqa: F403
from migrated.errors.engine import *  # noqa: F403
from migrated.errors.file import *  # noqa: F403
from migrated.errors.graph import *  # noqa: F403
from migrated.errors.run import RunFailed as RunFailed
from migrated.errors.schema import *  # noqa: F403
from migrated.errors.store import *  # noqa: F403
from migrated.errors.target import *  # noqa: F403
