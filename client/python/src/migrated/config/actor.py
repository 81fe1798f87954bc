"""Who asks, as shown to others."""

from __future__ import annotations

import os
import pwd

from migrated.config.loaded import Config


def actor(config: Config) -> str:
    """Tell who asks: as configured, else the CI job, else user and host."""
    if configured := config.text("actor"):
        return configured
    jobs = (
        ("GITHUB_REPOSITORY", "GITHUB_REF", "gha:{}@{}"),
        ("CI_PROJECT_PATH", "CI_COMMIT_REF_NAME", "gitlab:{}@{}"),
        ("TEAMCITY_PROJECT_NAME", "BUILD_NUMBER", "teamcity:{}#{}"),
    )
    for first, second, form in jobs:
        one, other = config.variable(first), config.variable(second)
        if one and other:
            return form.format(one, other)
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = config.variable("USER") or config.variable("LOGNAME") or f"uid {os.geteuid()}"
    return f"{user}@{os.uname().nodename}"
