"""The payment: the service that takes money for orders, and how the front asks it."""

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.instruments import Instruments
from demo.store import StoredPayments

_CREATED = 201
_REFUSED = 422


def payment_app(payments: StoredPayments, instruments: Instruments) -> Starlette:
    """Return the application of the payment."""

    async def pay(request: Request) -> Response:
        asked = await request.json()
        if not isinstance(asked.get("cents"), int) or asked["cents"] <= 0:
            return JSONResponse({"error": "there is nothing to pay"}, _REFUSED)
        number = payments.add(str(asked.get("email", "")), asked["cents"])
        instruments.say("payment taken", payment=number, cents=asked["cents"])
        return JSONResponse({"payment": number}, _CREATED)

    return Starlette(routes=[Route("/payments", pay, methods=["POST"])])


class RemotePayments:
    """Payments, as the front asks for them."""

    def __init__(self, client: httpx.AsyncClient, instruments: Instruments) -> None:
        self._client = client
        self._instruments = instruments

    async def take(self, email: str, cents: int) -> int:
        """Take money of a customer, and return the number of the payment.

        Raises:
            httpx.HTTPStatusError: If the payment is refused.
        """
        headers: dict[str, str] = {}
        with self._instruments.calling("payment", "POST /payments", headers):
            answer = await self._client.post("/payments", json={"email": email, "cents": cents}, headers=headers)
        return int(answer.raise_for_status().json()["payment"])
