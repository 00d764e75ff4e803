"""The environment variables of a service follow from its file and the stores that it gets."""

import pytest

from boutique_definition.service_file import ServiceFile, Size
from boutique_definition.stores import Bucket, Password, Postgres, Redis, S3Endpoint, SecretArn, Store, Tls
from boutique_definition.wiring import service_variables

PASSWORD = Password("ada", "hunter2")


def service(**changes: object) -> ServiceFile:
    file = ServiceFile(description="A service.", protocol="none", size=Size(cpu="50m", memory="64Mi"))
    return file.model_copy(update={"stores": {"data": "DATA"}, **changes})


@pytest.mark.parametrize(
    ("store", "plain", "secret"),
    [
        (
            Redis("there:1", PASSWORD, "reader:1"),
            {"DATA_ADDR": "there:1", "DATA_REPLICA_ADDR": "reader:1", "DATA_USERNAME": "ada", "DATA_TLS": "false"},
            {"DATA_PASSWORD": "hunter2"},
        ),
        (
            Redis("there:1", SecretArn("arn"), tls=Tls()),
            {"DATA_ADDR": "there:1", "DATA_SECRET": "arn", "DATA_TLS": "true"},
            {},
        ),
        (
            Postgres("there:1", "shop", SecretArn("arn"), tls=Tls("a certificate")),
            {
                "DATA_ADDR": "there:1",
                "DATA_DATABASE": "shop",
                "DATA_SECRET": "arn",
                "DATA_TLS": "true",
                "DATA_CA_CERTIFICATE": "/certificates/data.pem",
            },
            {},
        ),
        (Bucket("a-bucket", "eu-central-1"), {"DATA_BUCKET": "a-bucket", "DATA_REGION": "eu-central-1"}, {}),
        (
            Bucket("a-bucket", "eu-central-1", S3Endpoint("http://s3", PASSWORD)),
            {
                "DATA_BUCKET": "a-bucket",
                "DATA_REGION": "eu-central-1",
                "DATA_ENDPOINT_URL": "http://s3",
                "DATA_ACCESS_KEY_ID": "ada",
            },
            {"DATA_SECRET_ACCESS_KEY": "hunter2"},
        ),
    ],
)
def test_a_store_becomes_variables_with_its_prefix_and_keeps_secrets_apart(
    store: Store[str], plain: dict[str, str], secret: dict[str, str]
) -> None:
    variables = service_variables(service(), {}, {"data": store}, "/certificates")
    assert variables.plain == plain
    assert variables.secret == secret


def test_the_variables_of_a_file_override_those_of_calls_and_stores() -> None:
    file = service(environment={"DATA_ADDR": "elsewhere:1", "OWN": "1"})
    variables = service_variables(file, {"CART_ADDR": "cart:1"}, {"data": Redis("there:1", PASSWORD)})
    assert variables.plain["DATA_ADDR"] == "elsewhere:1"
    assert (variables.plain["CART_ADDR"], variables.plain["OWN"]) == ("cart:1", "1")
