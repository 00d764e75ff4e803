"""The contract's PaymentService, simulated."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import grpc

from boutique_payment.card import check_card
from boutique_payment.transactions import check_amount, check_transaction_id, new_transaction_id
from boutique_runtime.idempotency import idempotency_key
from boutique_runtime.money import Money
from hipstershop import shop_pb2, shop_pb2_grpc

Context = grpc.aio.ServicerContext[Any, Any]

_log = logging.getLogger(__name__)


def _today() -> date:
    return datetime.now(UTC).date()


class PaymentServicer(shop_pb2_grpc.PaymentServiceServicer):
    """Accepts every valid card.

    Args:
        processing_seconds: How long each charge takes.
        today: Returns the date by which cards expire.
    """

    def __init__(self, processing_seconds: float, today: Callable[[], date] = _today) -> None:
        self._processing_seconds = processing_seconds
        self._today = today

    async def Charge(self, request: shop_pb2.ChargeRequest, context: Context) -> shop_pb2.ChargeResponse:
        transaction_id = new_transaction_id(idempotency_key(context))
        amount = Money.from_wire(request.amount)
        check_amount(amount)
        card = request.credit_card
        card_type = check_card(
            number=card.credit_card_number,
            cvv=card.credit_card_cvv,
            expiration_year=card.credit_card_expiration_year,
            expiration_month=card.credit_card_expiration_month,
            today=self._today(),
        )
        await asyncio.sleep(self._processing_seconds)
        details = {"transaction_id": transaction_id, "amount": str(amount), "card_type": card_type}
        _log.info("charged (simulated)", extra=details)
        return shop_pb2.ChargeResponse(transaction_id=transaction_id)

    async def Refund(self, request: shop_pb2.RefundRequest, context: Context) -> shop_pb2.Empty:
        """Refunds a charge. Charges are not stored, so it succeeds for any transaction id."""
        check_transaction_id(request.transaction_id)
        _log.info("refunded (simulated)", extra={"transaction_id": request.transaction_id})
        return shop_pb2.Empty()
