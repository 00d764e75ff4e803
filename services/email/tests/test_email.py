"""EmailService, and the mails that it sends."""

from __future__ import annotations

import asyncio
import contextlib
import email.policy
import logging
from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from boutique_development_servers.processes import free_port
from boutique_email.__main__ import open_service
from boutique_email.confirmation import Confirmation, Line
from boutique_email.delivery import compose, delivery
from boutique_email.names import no_names
from boutique_email.outbox import Outbox
from boutique_email.rendering import Mail, Renderer
from boutique_email.settings import EmailSettings
from boutique_runtime.errors import InvalidFieldError, UnavailableError
from boutique_runtime.money import Money
from boutique_runtime.serving import GrpcService, create_server
from boutique_testing.plugin import Serve
from hipstershop import shop_pb2, shop_pb2_grpc

if TYPE_CHECKING:
    Email = shop_pb2_grpc.EmailServiceAsyncStub


class MailServer:
    """Accepts mails by SMTP, after it has used up the replies in `refusals`."""

    def __init__(self) -> None:
        self.mails: asyncio.Queue[EmailMessage] = asyncio.Queue()
        self.recipients: asyncio.Queue[str] = asyncio.Queue()
        self.refusals: list[str] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = "220 ready"
        while True:
            writer.write(f"{answer}\r\n".encode())
            command = (await reader.readline()).upper()
            if command.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                self.mails.put_nowait(_parsed(data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")))
            if not command or command.startswith(b"QUIT"):
                break
            answer = "250 well"
            if command.startswith(b"RCPT"):
                self.recipients.put_nowait(command.decode())
                answer = self.refusals.pop(0) if self.refusals else answer
        writer.close()

    def settings(self) -> EmailSettings:
        return EmailSettings(smtp_addr=f"127.0.0.1:{self.port}", smtp_tls="off")


def _parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, _class=EmailMessage, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    async with await asyncio.start_server(server.talk, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server


class Catalog(shop_pb2_grpc.ProductCatalogServiceServicer):
    """Has one product."""

    async def ListProducts(self, request: shop_pb2.Empty, context: Any) -> shop_pb2.ListProductsResponse:  # noqa: N802
        return shop_pb2.ListProductsResponse(products=[shop_pb2.Product(id="6E92ZMYYFZ", name="Mug")])


@pytest.fixture
async def catalog_address() -> AsyncIterator[str]:
    servicer = Catalog()  # type: ignore[abstract]  # its other methods return UNIMPLEMENTED
    described = shop_pb2.DESCRIPTOR.services_by_name["ProductCatalogService"]
    service = GrpcService(described, shop_pb2_grpc.add_ProductCatalogServiceServicer_to_server, servicer)
    server, _ = await create_server([service])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@contextlib.asynccontextmanager
async def served(settings: EmailSettings, serve: Serve) -> AsyncIterator[Email]:
    """Serves the service. At the end, every mail is delivered or given up."""
    async with open_service(settings) as service:
        yield shop_pb2_grpc.EmailServiceStub(await serve(service))


def request(**changes: Any) -> shop_pb2.SendOrderConfirmationRequest:
    """Returns a valid request for two mugs at 8.99 USD each, with some fields of the order replaced."""
    to = changes.pop("email", "ada@example.com")
    order: dict[str, Any] = {
        "order_id": "b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b",
        "shipping_tracking_id": "AB-12345-123456789",
        "shipping_cost": money("USD", 8, 990_000_000),
        "shipping_address": shop_pb2.Address(
            street_address="12 Analytical Row", city="London", state="LDN", country="United Kingdom", zip_code=12345
        ),
        "items": [item(money("USD", 8, 990_000_000))],
    }
    return shop_pb2.SendOrderConfirmationRequest(email=to, order=shop_pb2.OrderResult(**(order | changes)))


def money(currency_code: str, units: int, nanos: int = 0) -> shop_pb2.Money:
    return shop_pb2.Money(currency_code=currency_code, units=units, nanos=nanos)


def item(cost: shop_pb2.Money, quantity: int = 2, product_id: str = "6E92ZMYYFZ") -> shop_pb2.OrderItem:
    return shop_pb2.OrderItem(item=shop_pb2.CartItem(product_id=product_id, quantity=quantity), cost=cost)


def confirmation(to: str = "ada@example.com") -> Confirmation:
    price = Money("USD", 8_990_000_000)
    return Confirmation(to, "order-1", "AB-1-1", price, ("12 Analytical Row",), (Line("6E92ZMYYFZ", 2, price),))


def outbox_for(settings: EmailSettings) -> Outbox:
    return Outbox(no_names, Renderer(), delivery(settings), backoff_seconds=(0, 0))


def bodies(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return str(text.get_content()), str(html.get_content())


async def mail_of(mail_server: MailServer, serve: Serve, sent: shop_pb2.SendOrderConfirmationRequest) -> EmailMessage:
    async with served(mail_server.settings(), serve) as service:
        await service.SendOrderConfirmation(sent)
    return mail_server.mails.get_nowait()


async def test_the_shopper_gets_one_mail_with_the_whole_order_as_html_and_text(
    mail_server: MailServer, serve: Serve
) -> None:
    mail = await mail_of(mail_server, serve, request())
    assert mail["From"] == "Boutique <orders@boutique.example>"
    assert mail["To"] == "ada@example.com"
    assert mail["Subject"] == "Your order b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b"
    assert mail["Message-ID"] == "<b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b@boutique.example>"
    for body in bodies(mail):
        for shown in (
            "b7a0f1de-0d2a",
            "AB-12345-123456789",
            "12 Analytical Row",
            "London, LDN 12345",
            "United Kingdom",
        ):
            assert shown in body
        for shown in ("6E92ZMYYFZ", "$17.98", "$8.99", "$26.97"):
            assert shown in body
    assert mail_server.mails.empty()


async def test_products_have_their_names_from_the_catalog(
    mail_server: MailServer, catalog_address: str, serve: Serve
) -> None:
    settings = mail_server.settings().model_copy(update={"product_catalog_service_addr": catalog_address})
    cost = money("USD", 1)
    async with served(settings, serve) as service:
        await service.SendOrderConfirmation(request(items=[item(money("USD", 8)), item(cost, product_id="unheard-of")]))
    for body in bodies(mail_server.mails.get_nowait()):
        assert "Mug" in body
        assert "6E92ZMYYFZ" not in body
        assert "unheard-of" in body


async def test_products_are_shown_by_their_ids_while_the_catalog_is_down(mail_server: MailServer, serve: Serve) -> None:
    settings = mail_server.settings().model_copy(update={"product_catalog_service_addr": f"127.0.0.1:{free_port()}"})
    async with served(settings, serve) as service:
        await service.SendOrderConfirmation(request())
    for body in bodies(mail_server.mails.get_nowait()):
        assert "6E92ZMYYFZ" in body


async def test_amounts_have_the_decimals_of_their_currency(mail_server: MailServer, serve: Serve) -> None:
    items = [item(money("JPY", 1005, 180_000_000), quantity=3)]
    mail = await mail_of(mail_server, serve, request(shipping_cost=money("JPY", 1000), items=items))
    for body in bodies(mail):
        assert "¥3,016" in body
        assert "¥4,016" in body
        assert "." not in body[body.index("4,016") : body.index("4,016") + 8]


async def test_a_postal_code_is_shown_as_written_instead_of_the_number(mail_server: MailServer, serve: Serve) -> None:
    address = shop_pb2.Address(
        street_address="10 Downing Street", city="London", postal_code="SW1A 2AA", zip_code=12345
    )
    for body in bodies(await mail_of(mail_server, serve, request(shipping_address=address))):
        assert "London SW1A 2AA" in body
        assert "12345" not in body.replace("AB-12345-123456789", "")


async def test_what_a_shopper_typed_is_escaped_in_html(mail_server: MailServer, serve: Serve) -> None:
    address = shop_pb2.Address(street_address='<script src="x">', city="Zürich", country="日本")
    text, html = bodies(await mail_of(mail_server, serve, request(shipping_address=address)))
    assert "<script" not in html
    assert "&lt;script src=&#34;x&#34;&gt;" in html
    assert "Zürich" in html
    assert "日本" in html
    assert '<script src="x">' in text


async def test_a_mail_is_sent_again_after_a_temporary_refusal(mail_server: MailServer) -> None:
    mail_server.refusals = ["451 later", "451 later"]
    outbox = outbox_for(mail_server.settings())
    outbox.accept(confirmation())
    mail = await asyncio.wait_for(mail_server.mails.get(), 20)
    assert mail["To"] == "ada@example.com"
    assert mail_server.refusals == []
    await outbox.drain(20)


async def test_a_mail_is_given_up_after_the_last_attempt(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.refusals = ["451 later"] * 3
    outbox = outbox_for(mail_server.settings())
    outbox.accept(confirmation())
    for _ in range(3):
        await mail_server.recipients.get()
    await outbox.drain(20)
    assert mail_server.mails.empty()
    assert any(record.message == "confirmation lost" for record in caplog.records)


async def test_a_mail_is_not_sent_again_after_a_permanent_refusal_and_no_log_has_the_address(
    mail_server: MailServer, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.refusals = ["550 no ada@example.com here"]
    caplog.set_level(logging.INFO)
    async with served(mail_server.settings(), serve) as service:
        await service.SendOrderConfirmation(request())
    assert mail_server.mails.empty()
    lost = next(record for record in caplog.records if record.message == "confirmation lost")
    assert lost.__dict__["reason"] == "recipient refused with 550"
    assert lost.__dict__["to"] == "a***@example.com"
    assert not any("ada@example.com" in str(record.__dict__) for record in caplog.records)


async def test_an_order_does_not_wait_for_a_mail_server_that_is_down(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    settings = EmailSettings(smtp_addr=f"127.0.0.1:{free_port()}", smtp_tls="off")
    async with served(settings, serve) as service:
        assert await service.SendOrderConfirmation(request()) == shop_pb2.Empty()
    lost = next(record for record in caplog.records if record.message == "confirmation lost")
    assert lost.__dict__["order_id"] == "b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b"


async def test_a_waiting_mail_is_sent_at_once_when_the_service_stops(mail_server: MailServer) -> None:
    mail_server.refusals = ["451 later"]
    outbox = Outbox(no_names, Renderer(), delivery(mail_server.settings()), backoff_seconds=(3600,))
    outbox.accept(confirmation())
    await mail_server.recipients.get()
    await outbox.drain(20)
    assert mail_server.mails.get_nowait()["To"] == "ada@example.com"


async def test_no_mail_is_sent_without_tls_unless_the_settings_allow_it(mail_server: MailServer, serve: Serve) -> None:
    settings = EmailSettings(smtp_addr=f"127.0.0.1:{mail_server.port}")
    async with served(settings, serve) as service:
        await service.SendOrderConfirmation(request())
    assert mail_server.mails.empty()


async def test_without_a_mail_server_mails_are_logged_without_their_address(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with served(EmailSettings(), serve) as service:
        await service.SendOrderConfirmation(request())
    logged = {record.message: record.__dict__ for record in caplog.records}
    assert logged["confirmation rendered"]["order_id"] == "b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b"
    assert logged["confirmation rendered"]["bytes"] > 1000
    assert logged["delivered to log"]["order_id"] == "b7a0f1de-0d2a-4d0d-9d5f-0a5dbe4f8b2b"
    assert not any("ada@example.com" in str(record.__dict__) for record in caplog.records)


async def test_too_many_pending_mails_are_refused_and_the_pending_ones_are_given_up_in_time() -> None:
    async def never(_: Mail) -> None:
        await asyncio.Event().wait()

    outbox = Outbox(no_names, Renderer(), never, maximum_pending=10)
    for _ in range(10):
        outbox.accept(confirmation())
    with pytest.raises(UnavailableError):
        outbox.accept(confirmation())
    await outbox.drain(0)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (request(email=""), "email"),
        (request(email="ada"), "email"),
        (request(email="ada@"), "email"),
        (request(email="ada@example.com\r\nBcc: eve@example.com"), "email"),
        (request(email="ada@example.com, eve@example.com"), "email"),
        (request(email="Ada <ada@example.com>"), "email"),
        (request(email="a" * 65 + "@example.com"), "email"),
        (request(email="ada@" + "a.example." * 30 + "com"), "email"),
        (request(order_id=""), "order.order_id"),
        (request(order_id="1\r\nBcc: eve@example.com"), "order.order_id"),
        (request(shipping_tracking_id="\n"), "order.shipping_tracking_id"),
        (request(shipping_cost=shop_pb2.Money()), "order.shipping_cost.currency_code"),
        (request(shipping_cost=money("dollars", 1)), "order.shipping_cost.currency_code"),
        (request(shipping_cost=money("USD", -1)), "order.shipping_cost"),
        (request(shipping_cost=money("USD", 1, -1)), "order.shipping_cost.nanos"),
        (request(shipping_address=shop_pb2.Address(city="a\nb")), "order.shipping_address.city"),
        (request(shipping_address=shop_pb2.Address(street_address="a" * 513)), "order.shipping_address.street_address"),
        (request(items=[]), "order.items"),
        (request(items=[item(money("USD", 1))] * 101), "order.items"),
        (request(items=[item(money("USD", 1), quantity=0)]), "order.items[0].item.quantity"),
        (request(items=[item(money("USD", 1), product_id="")]), "order.items[0].item.product_id"),
        (request(items=[item(money("EUR", 1))]), "order.items[0].cost.currency_code"),
        (request(items=[item(money("USD", -1))]), "order.items[0].cost"),
    ],
)
async def test_a_field_out_of_range_is_refused_with_its_name_and_nothing_is_rendered(
    serve: Serve, caplog: pytest.LogCaptureFixture, sent: shop_pb2.SendOrderConfirmationRequest, field: str
) -> None:
    caplog.set_level(logging.INFO)
    async with served(EmailSettings(), serve) as service:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await service.SendOrderConfirmation(sent)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refusal.value.details()).startswith(f"{field}: ")
    assert not any(record.message == "confirmation rendered" for record in caplog.records)


@given(st.one_of(st.emails(), st.text(), st.text("aZ1.'\"+<, \n").map("{}@example.com".format)))
def test_a_mail_goes_only_to_the_given_address_or_to_none(given_address: str) -> None:
    try:
        accepted = confirmation(given_address)
    except InvalidFieldError as refusal:
        assert refusal.field == "email"  # noqa: PT017 (either outcome is right)
        return
    mail = _parsed(compose(Renderer().render(accepted, {}), EmailSettings().sender).as_bytes())
    assert [address.addr_spec for address in mail["To"].addresses] == [given_address]
    assert mail.keys().count("To") == 1
    assert "Bcc" not in mail


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SENDER": "Boutique"}, "one mailbox"),
        ({"SENDER": "a@example.com, b@example.com"}, "one mailbox"),
        ({"SENDER": "a@example.com\nBcc: b@example.com"}, "one mailbox"),
        ({"SMTP_ADDR": "no port"}, "smtp_addr"),
        ({"SMTP_USERNAME": "boutique"}, "set both"),
        ({"SMTP_USERNAME": "boutique", "SMTP_PASSWORD": "x", "SMTP_TLS": "off"}, "SMTP_TLS"),
    ],
)
def test_an_invalid_setting_is_refused(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=named):
        EmailSettings()
