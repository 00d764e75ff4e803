"""What the currency service is told by its environment."""

from pydantic import Field, HttpUrl

from boutique_runtime.settings import ServiceSettings


class CurrencySettings(ServiceSettings):
    port: int = Field(default=7000, ge=1, le=65535)
    rates_url: HttpUrl | None = Field(
        default=None, description="The ECB's daily rates as XML; without it, the rates are those of the release."
    )
