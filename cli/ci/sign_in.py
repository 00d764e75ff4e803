"""Signs a pipeline's job in to AWS: CircleCI's token is exchanged for a role, so no key has to be stored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cli.account import read_aws_settings
from dev.errors import ActionableError
from infra.aws.naming import Naming
from infra.config.aws import AwsSettings

TOKEN_FILE = Path.home() / "aws-identity"


def sign_in(
    stack: str,
    settings: AwsSettings,
    access: Literal["preview", "deploy"],
    environment: Mapping[str, str],
    token_file: Path = TOKEN_FILE,
) -> dict[str, str]:
    """Saves the job's token and returns the environment variables with which every AWS tool signs in.

    Args:
        stack: The stack to sign in to.
        settings: Its settings.
        access: `preview` for the role that only reads, `deploy` for the one that changes the stack.
        environment: The job's environment variables.
        token_file: Where to save the token, readable only by its owner.

    Raises:
        ActionableError: CircleCI gives the job no token.
    """
    token = environment.get("CIRCLE_OIDC_TOKEN_V2")
    if not token:
        raise ActionableError("CIRCLE_OIDC_TOKEN_V2 is not set: CircleCI gives this job no token.")
    token_file.touch(mode=0o600)
    token_file.write_text(token)
    return {
        "AWS_ROLE_ARN": f"arn:aws:iam::{settings.account}:role/{Naming(stack).name('pipelines', access)}",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token_file),
        "AWS_ROLE_SESSION_NAME": f"circleci-{environment['CIRCLE_WORKFLOW_JOB_ID']}",
    }


def sign_in_job(stack: str, environment: Mapping[str, str], token_file: Path = TOKEN_FILE) -> None:
    """Signs the later steps of this job in with the role that changes the stack.

    Outside CircleCI it does nothing, so that a job that runs on a person's machine uses that person's credentials.
    """
    if "CIRCLECI" not in environment:
        print("This is not CircleCI: your own credentials are used, if there are any.")
        return
    variables = sign_in(stack, read_aws_settings(stack), "deploy", environment, token_file)
    with Path(environment["BASH_ENV"]).open("a") as file:
        file.writelines(f"export {name}={value}\n" for name, value in variables.items())
