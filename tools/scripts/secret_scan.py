"""Looks for secrets in every file of the repository; asks no server.

Usage: python -m tools.scripts.secret_scan PATH_OF_DETECT_SECRETS_HOOK
"""

import base64
import random
import secrets
import string
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# Hashes, not secrets, or not text.
_NOT_READ = (
    r"(^requirements/.*\.txt|requirements\.txt|package-lock\.json|\.png)$"
    r"|^tests/templates/frameworks/\w+/packaged/"
)

# Detectors of services that nothing here uses, and those that mostly find words.
_OFF = (
    "ArtifactoryDetector",
    "AzureStorageKeyDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "HexHighEntropyString",
    "IbmCloudIamDetector",
    "IbmCosHmacDetector",
    "KeywordDetector",
    "MailchimpDetector",
    "SendGridDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TwilioKeyDetector",
)

# What looks like a secret and opens nothing.
_HARMLESS = (
    "2f0mTqW9c5yHkX1sVbJ7eRzN8uLdA4oGpI6wCtEhKfM",  # the cookie of the recorded events
    "ASIALOCALGATEWAY0000",  # the access key that the local gateway hands out
    "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",  # the receipt handle of a recorded event
    "s3pPLMBiTxaQ9kYGzzhZRbK",  # the sample handshake of RFC 6455
    "AmazonAPIGatewayPushToCloudWatchLogs",  # the name of a policy of AWS
    "MODULE_TYPELESS_PACKAGE_JSON",  # a warning of Node.js
)


def main() -> None:
    """Scan; the status is 1 for a finding and 2 for a scanner that finds nothing."""
    hook = sys.argv[1]
    missed = [name for name, text in _planted().items() if not _finds(hook, text)]
    if missed:
        print(f"the scanner does not find a planted {', '.join(missed)}", file=sys.stderr)
        sys.exit(2)
    sys.exit(_scan(hook, _files()))


def _scan(hook: str, files: Sequence[str], *, quiet: bool = False) -> int:
    """Run detect-secrets on some files; its status and its report on standard output."""
    command = [hook, "--no-verify", "--exclude-files", _NOT_READ]
    # Slow, and only of use to a detector that is off.
    command += ["--disable-filter", "detect_secrets.filters.heuristic.is_indirect_reference"]
    command += ["--plugin", str(Path(__file__).with_name("session_token_detector.py"))]
    for name in _OFF:
        command += ["--disable-plugin", name]
    for pattern in _HARMLESS:
        command += ["--exclude-secrets", pattern]
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([*command, *files], check=False, stdout=output).returncode  # noqa: S603


def _files() -> list[str]:
    """What is or would be committed."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, check=True, capture_output=True, text=True)  # noqa: S603
    return [name for name in done.stdout.split("\0") if name and Path(name).is_file()]


def _planted() -> dict[str, str]:
    """Text with a secret in it, made up each time, so that no rule can be written for it."""
    letters = string.ascii_uppercase + "234567"
    key_id = "AKIA" + "".join(random.SystemRandom().choices(letters, k=16))
    key = secrets.token_urlsafe(30).replace("-", "x").replace("_", "y")
    token = secrets.token_urlsafe(32)
    body = base64.b64encode(secrets.token_bytes(48)).decode()
    return {
        "AWS access key": f"the key {key_id} of production\n",
        "AWS secret key": f'aws_secret_access_key = "{key}"\n',
        "session token": f"curl -b gen_app_auth_token={token} https://example.org/\n",
        "private key": f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n",
    }


def _finds(hook: str, text: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "planted.txt")
        file.write_text(text, encoding="utf-8")
        return _scan(hook, [str(file)], quiet=True) == 1


if __name__ == "__main__":
    main()
