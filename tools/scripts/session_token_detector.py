"""A rule for detect-secrets: the value of our cookie, with or without quotes around it."""

import re

from detect_secrets.plugins.base import RegexBasedDetector  # type: ignore[import-not-found]


class SessionTokenDetector(RegexBasedDetector):  # type: ignore[misc]
    """Finds `gen_app_auth_token=` with 256 bits behind it."""

    secret_type = "Sapa session token"  # noqa: S105 - what a finding is called
    denylist = (re.compile(r"gen_app_auth_token[\"']?\s*[=:]\s*[\"']?([A-Za-z0-9_-]{43})"),)
