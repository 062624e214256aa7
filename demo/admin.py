"""The admin endpoint, which switches faults on and off."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.faults import FAULTS, BadSize, FaultBoard, UnknownFault


class Admin:
    """Switches faults over HTTP; every answer lists what the request concerned."""

    def __init__(self, board: FaultBoard) -> None:
        self._board = board

    def routes(self) -> list[Route]:
        """Return where the endpoint stands."""
        return [
            Route("/admin/faults", self.every),
            Route("/admin/faults", self.clear, methods=["DELETE"]),
            Route("/admin/faults/{name}", self.fault),
            Route("/admin/faults/{name}", self.switch_on, methods=["PUT"]),
            Route("/admin/faults/{name}", self.switch_off, methods=["DELETE"]),
        ]

    async def every(self, request: Request) -> Response:  # noqa: ARG002
        """List every fault."""
        return self._states(*FAULTS)

    async def fault(self, request: Request) -> Response:
        """Show one fault."""
        name = request.path_params["name"]
        return self._states(name) if name in FAULTS else _refusal(404, str(UnknownFault(name)))

    async def switch_on(self, request: Request) -> Response:
        """Switch a fault on: {"size": number}, or no body for its default size."""
        name = request.path_params["name"]
        try:
            self._board.switch_on(name, _size(await request.body()))
        except UnknownFault as error:
            return _refusal(404, str(error))
        except BadSize as error:
            return _refusal(422, str(error))
        except ValueError as error:
            return _refusal(400, str(error))
        return self._states(name)

    async def switch_off(self, request: Request) -> Response:
        """Switch a fault off."""
        name = request.path_params["name"]
        try:
            self._board.switch_off(name)
        except UnknownFault as error:
            return _refusal(404, str(error))
        return self._states(name)

    async def clear(self, request: Request) -> Response:  # noqa: ARG002
        """Switch every fault off."""
        self._board.clear()
        return self._states(*FAULTS)

    def _states(self, *names: str) -> Response:
        return JSONResponse({"faults": [self._state(name) for name in names]})

    def _state(self, name: str) -> dict[str, Any]:
        fault, entry = FAULTS[name], self._board.on.get(name)
        return {
            "name": name,
            "unit": fault.unit,
            "range": [fault.smallest, fault.largest],
            "default": fault.default,
            "breaks": fault.breaks,
            "on": entry is not None,
            "size": entry.size if entry else None,
            "on_for_s": round(self._board.on_for_s(name), 3),
        }


def _size(body: bytes) -> object:
    if not body.strip():
        return None
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise ValueError(f'the body is no JSON: {error}\n  send {{"size": NUMBER}}') from error
    if not isinstance(sent, dict) or sent.keys() - {"size"}:
        raise ValueError('the body has another shape\n  send {"size": NUMBER}, or nothing for the default size')
    return sent.get("size")


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": message, "names": list(FAULTS)}, status_code=status)
