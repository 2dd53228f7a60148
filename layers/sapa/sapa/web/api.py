"""The routes of the HTTP API."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sapa.errors import RefusalError, StoreError
from sapa.observability import logger
from sapa.web.accounts import Accounts
from sapa.web.pages import Pages, not_found_response, page_response
from sapa.web.requests import HttpRequest
from sapa.web.responses import Response, json_response, refusal_response, security_headers

if TYPE_CHECKING:
    from sapa.services import Services

type Route = Callable[[HttpRequest], Response]

_REVALIDATED = {"Cache-Control": "no-cache"}
# HEAD is answered like GET, without the body.
_READING = ("GET", "HEAD")
_WRITING = ("POST",)


class HttpApi:
    """Answers events of the HTTP API: with a document, a file of `static_folder`, or an error.

    The documents' modules load pydantic, so they are imported when a document is asked for.
    """

    def __init__(self, services: "Services", static_folder: Path) -> None:
        self._websocket_path = services.config.websocket_path
        self._pages = Pages(static_folder)
        accounts = Accounts(services)
        self._routes: dict[str, tuple[tuple[str, ...], Route]] = {
            "/auth/login": (_WRITING, accounts.login),
            "/auth/logout": (_WRITING, accounts.logout),
            "/auth/session": (_READING, accounts.session),
            "/openapi.json": (_READING, self._openapi),
            "/asyncapi.json": (_READING, self._asyncapi),
            "/swagger": (_READING, self._swagger),
            self._websocket_path: (_READING, self._upgrade_required),
            # Its function is another one, which gets what is signed and spelled so.
            "/publish": (_WRITING, self._not_found),
        }

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """The proxy result for an event."""
        request = HttpRequest.from_event(event)
        response = self._respond(request)
        if request.method == "HEAD":
            response = replace(response, body="")
        logger.info(
            "request answered",
            method=request.method,
            path=request.path,
            status_code=response.status,
        )
        return response.as_result(security_headers(is_https=request.is_https))

    def _respond(self, request: HttpRequest) -> Response:
        methods, route = self._routes.get(request.path, ((), self._page))
        if methods and request.method not in methods:
            return _method_not_allowed(request, methods)
        try:
            return route(request)
        except RefusalError as refusal:
            return refusal_response(refusal)
        except StoreError as error:
            logger.error("the table did not answer", exc_info=error)
            text = "This does not work at the moment. Try again."
            return refusal_response(RefusalError("unavailable", text))
        except Exception as error:
            logger.error("the request failed", exc_info=error)
            text = "The request failed. The log has the cause."
            return refusal_response(RefusalError("failed", text))

    def _page(self, request: HttpRequest) -> Response:
        file = self._pages.find(request.path)
        if file is None:
            return self._not_found(request)
        if request.method not in _READING:
            return _method_not_allowed(request, _READING)
        return page_response(file, request)

    def _not_found(self, request: HttpRequest) -> Response:
        page = self._pages.not_found
        if page is not None and request.method in _READING and "text/html" in request.accept:
            return not_found_response(page, request)
        raise RefusalError("not_found", "There is nothing here.")

    def _openapi(self, request: HttpRequest) -> Response:
        return json_response(self._document(request), headers=_REVALIDATED)

    def _document(self, request: HttpRequest) -> dict[str, Any]:
        from sapa.web.openapi import openapi_document
        from sapa.web.schemas import registered

        return openapi_document(request, self._websocket_path, registered())

    def _asyncapi(self, request: HttpRequest) -> Response:
        from sapa.web.asyncapi import asyncapi_document
        from sapa.web.schemas import registered

        document = asyncapi_document(request, self._websocket_path, registered())
        return json_response(document, headers=_REVALIDATED)

    def _swagger(self, request: HttpRequest) -> Response:
        if request.query.get("format") == "json":  # the page's link to its document
            return self._openapi(request)
        from sapa.web.swagger import swagger_response

        compressed = "gzip" in request.accept_encoding
        return swagger_response(self._document(request), compressed=compressed)

    def _upgrade_required(self, request: HttpRequest) -> Response:
        address = request.websocket_base_url + self._websocket_path
        text = f"This is a WebSocket: connect to {address}, for example with wscat -c {address}."
        headers = {"Upgrade": "websocket"}
        return refusal_response(RefusalError("upgrade_required", text), headers)


def _method_not_allowed(request: HttpRequest, methods: tuple[str, ...]) -> Response:
    allowed = ", ".join(methods)
    text = f"{request.path} takes {allowed}."
    return refusal_response(RefusalError("method_not_allowed", text), {"Allow": allowed})
