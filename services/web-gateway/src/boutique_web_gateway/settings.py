"""The web gateway's settings, read from environment variables."""

from pathlib import Path

from pydantic import DirectoryPath, Field, SecretStr, field_validator

from boutique_runtime.redis import RedisSettings
from boutique_runtime.settings import HostAndPort, ServiceSettings


class WebGatewaySettings(ServiceSettings):
    """The settings of the web gateway."""

    session_data: RedisSettings
    api_gateway_addr: HostAndPort
    session_signing_key: SecretStr = Field(min_length=32)
    application_directory: DirectoryPath = Field(
        default=Path(__file__).parent / "application",
        validate_default=True,
        description="The built web application; in an image it is beside this package's modules.",
    )

    @field_validator("application_directory")
    @classmethod
    def _has_an_index_page(cls, directory: Path) -> Path:
        if not (directory / "index.html").is_file():
            raise ValueError(f"{directory} has no index.html; build the web application first")
        return directory
