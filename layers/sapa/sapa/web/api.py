"""The routes of the HTTP API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.errors import RequestError, StoreError
from sapa.observability import logger
from sapa.web.accounts import Accounts, AccountServices
from sapa.web.asyncapi import asyncapi_document
from sapa.web.openapi import openapi_document
from sapa.web.pages import Pages, page_response
from sapa.web.requests import HttpRequest
from sapa.web.responses import HttpResponse, error_response, json_response, protected
from sapa.web.schemas import registered
from sapa.web.swagger import swagger_response

type Route = Callable[[HttpRequest], HttpResponse]

_REVALIDATED = {"Cache-Control": "no-cache"}


class ApiServices(AccountServices, Protocol):
    """What the routes need."""

    @property
    def websocket_path(self) -> str: ...


class HttpApi:
    """Answers events of the HTTP API: with a document, a page of `static_folder`, or an error."""

    def __init__(self, services: ApiServices, static_folder: Path) -> None:
        self._websocket_path = services.websocket_path
        self._pages = Pages(static_folder)
        self._resolver = APIGatewayHttpResolver()
        accounts = Accounts(services)
        self._routes: dict[str, tuple[str, Route]] = {
            "/auth/login": ("POST", accounts.login),
            "/auth/logout": ("POST", accounts.logout),
            "/auth/session": ("GET", accounts.session),
            "/openapi.json": ("GET", self._openapi),
            "/asyncapi.json": ("GET", self._asyncapi),
            "/swagger": ("GET", self._swagger),
            self._websocket_path: ("GET", self._upgrade_required),
        }
        for path, (method, route) in self._routes.items():
            self._resolver.route(path, method=method)(self._bound(route))
        self._resolver.not_found(self._other)
        self._resolver.exception_handler(RequestError)(error_response)
        self._resolver.exception_handler(StoreError)(_unavailable)
        self._resolver.exception_handler(Exception)(_failed)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """The proxy result for an event."""
        request = HttpRequest.of(event)
        result = protected(self._resolver.resolve(event, context), request)
        logger.info(
            "answered",
            method=request.method,
            path=request.path,
            status_code=result["statusCode"],
        )
        return result

    def _request(self) -> HttpRequest:
        return HttpRequest.of(self._resolver.current_event.raw_event)

    def _bound(self, route: Route) -> Callable[[], HttpResponse]:
        return lambda: route(self._request())

    def _other(self, _: NotFoundError) -> HttpResponse:
        """A page, or what is wrong with the path or the method."""
        request = self._request()
        page = self._pages.find(request.path)
        if page is not None and request.method in {"GET", "HEAD"}:
            return page_response(page, request)
        known = "GET, HEAD" if page else self._routes.get(request.path, ("",))[0]
        if known:
            problem = f"{request.path} takes {known}."
            headers = {"Allow": known}
            refusal = RequestError(405, "method_not_allowed", problem, headers=headers)
            return error_response(refusal)
        return error_response(RequestError(404, "not_found", "There is nothing here."))

    def _openapi(self, request: HttpRequest) -> Response[str]:
        return json_response(self._document(request), headers=_REVALIDATED)

    def _document(self, request: HttpRequest) -> dict[str, Any]:
        return openapi_document(request, self._websocket_path, registered())

    def _asyncapi(self, request: HttpRequest) -> Response[str]:
        document = asyncapi_document(request, self._websocket_path, registered())
        return json_response(document, headers=_REVALIDATED)

    def _swagger(self, request: HttpRequest) -> Response[str]:
        if request.query.get("format") == "json":  # where the page's link to its document leads
            return self._openapi(request)
        return swagger_response(self._document(request))

    def _upgrade_required(self, request: HttpRequest) -> Response[str]:
        address = request.websocket_base_url + self._websocket_path
        problem = f"This is a WebSocket: connect to {address}, for example with wscat -c {address}."
        headers = {"Upgrade": "websocket"}
        return error_response(RequestError(426, "upgrade_required", problem, headers=headers))


def _unavailable(error: StoreError) -> Response[str]:
    logger.error("the table did not answer", exc_info=error)
    refusal = RequestError(503, "unavailable", "This does not work at the moment. Try again.")
    return error_response(refusal)


def _failed(error: Exception) -> Response[str]:
    logger.error("the request failed", exc_info=error)
    return error_response(RequestError(500, "failed", "This did not work; the log tells why."))
