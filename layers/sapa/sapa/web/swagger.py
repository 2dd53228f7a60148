"""Powertools' Swagger UI with our document, under a policy that names its inline scripts."""

import base64
import functools
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi import swagger_ui

from sapa.web.responses import Response

# Without one a browser asks for /favicon.ico and complains that it is not there.
_ICON = '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
_SCRIPTS = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@functools.cache
def _asset(name: str) -> str:
    return (Path(swagger_ui.__file__).parent / name).read_text(encoding="utf-8")


@functools.cache
def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def swagger_response(document: Mapping[str, Any], *, compressed: bool) -> Response:
    """The page; without compression it has 1.7 MB.

    Swagger UI sets style attributes while it runs, hence the one `unsafe-inline`, for styles.
    """
    # A "</script>" or "<!--" in a description would end the script that carries the document.
    specification = json.dumps(document, ensure_ascii=False).replace("<", "\\u003c")
    page = swagger_ui.generate_swagger_html(
        specification,
        _asset("swagger-ui-bundle.min.js"),
        _asset("swagger-ui.min.css"),
        "",
        None,
    ).replace("<head>", f"<head>{_ICON}", 1)
    hashes = " ".join(_hash(script) for script in _SCRIPTS.findall(page))
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Vary": "Accept-Encoding",
    }
    if compressed:
        body = gzip.compress(page.encode())
        return Response(body=body, headers={**headers, "Content-Encoding": "gzip"})
    return Response(body=page, headers=headers)
