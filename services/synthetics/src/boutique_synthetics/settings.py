"""The shoppers' settings, read from environment variables."""

from pydantic import Field

from boutique_runtime.loadtest_settings import LoadTestSettings
from boutique_runtime.settings import HostAndPort


class SyntheticsSettings(LoadTestSettings):
    """The settings of the shoppers."""

    web_gateway_addr: HostAndPort
    users: int = Field(default=1, ge=1, le=50)
    run_seconds: float = Field(
        default=3_600, ge=1, le=14_400, description="Limited, since k6 keeps every measurement until the end."
    )
    maximum_wait_seconds: float = Field(default=3, ge=0, le=60)
