"""The settings of the currency service."""

from pydantic import Field, HttpUrl

from boutique_runtime.settings import ServiceSettings


class CurrencySettings(ServiceSettings):
    """Reads the currency service's environment variables."""

    port: int = Field(default=7000, ge=1, le=65535)
    rates_url: HttpUrl | None = Field(
        default=None,
        description="The address of the ECB's daily rates in XML. Without it, the released rates are used.",
    )
