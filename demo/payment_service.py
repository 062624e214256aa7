"""The payment: the service that takes money for orders, and how the front asks it."""

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.faults import FaultBoard, payment_effects
from demo.faults.fault_middleware import FaultMiddleware, effects_of, take_payment
from demo.instruments import Instruments
from demo.store import StoredPayments
from demo.world import World

_CREATED = 201
_REFUSED = 422
_AWAY = 502


def payment_app(payments: StoredPayments, board: FaultBoard, world: World, instruments: Instruments) -> Starlette:
    """Return the application of the payment."""

    async def pay(request: Request) -> Response:
        asked = await request.json()
        if not isinstance(asked.get("cents"), int) or asked["cents"] <= 0:
            return JSONResponse({"error": "there is nothing to pay"}, _REFUSED)
        number = take_payment(payments, effects_of(request), str(asked.get("email", "")), asked["cents"])
        instruments.say("payment taken", payment=number, cents=asked["cents"])
        return JSONResponse({"payment": number}, _CREATED)

    return Starlette(
        routes=[Route("/payments", pay, methods=["POST"])],
        middleware=[Middleware(FaultMiddleware, board=board, world=world, decide=payment_effects)],
    )


class RemotePayments:
    """Payments, as the front asks for them."""

    def __init__(self, client: httpx.AsyncClient, instruments: Instruments) -> None:
        self._client = client
        self._instruments = instruments

    async def take(self, email: str, cents: int) -> int:
        """Take money of a customer, and return the number of the payment.

        Raises:
            HTTPException: If it is refused.
        """
        headers: dict[str, str] = {}
        with self._instruments.calling("payment", "POST /payments", headers):
            answer = await self._client.post("/payments", json={"email": email, "cents": cents}, headers=headers)
        if answer.status_code != _CREATED:
            raise HTTPException(_AWAY, "The payment could not be taken, and nothing was ordered. Please try again.")
        return int(answer.json()["payment"])
