"""The commands `boutique ci …`."""

# ruff: noqa: PLC0415 - a command imports only what it needs

from typing import Annotated

import typer

from cli.commands.arguments import AwsStack

app = typer.Typer(help="Run in CircleCI's jobs, or play a job on this machine.", no_args_is_help=True)

_PIPELINE, _PREVIEW, _DEPLOY = "Run a pipeline", "Check a change", "Deploy"
_Stacks = Annotated[list[str], typer.Argument(metavar="STACK...")]
_Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the job.")]


@app.command("continue", rich_help_panel=_PIPELINE)
def continue_() -> None:
    """Compute what the change affects, and continue the pipeline with .circleci/continue.yml.

    Only setup jobs of CircleCI can do this, once each.
    """
    import os

    from cli.ci.continue_pipeline import continue_pipeline
    from dev.virtual_environment import ROOT

    continue_pipeline(ROOT, os.environ)


@app.command("run-job", rich_help_panel=_PIPELINE)
def run_job(job: Annotated[str, typer.Argument(metavar="JOB")], values: _Set = None) -> None:
    """Run JOB of .circleci/continue.yml on this machine, as if everything had changed.

    It names the steps that it leaves out, such as caching.

    Example: boutique ci run-job test --set folders-to-test=services/cart

    Example: boutique ci run-job up-dev --set stack=local
    """
    from cli.ci.run_locally import run_locally
    from dev.virtual_environment import ROOT

    raise typer.Exit(run_locally(ROOT, job, values or []))


@app.command(rich_help_panel=_PREVIEW)
def preview(stacks: _Stacks) -> None:
    """Plan what a deployment would change in each STACK, for `boutique comment`.

    A stack that gives pipelines no access is planned against an emulated account.

    Example: boutique ci preview dev prod
    """
    from cli.ci.each_stack import preview

    raise typer.Exit(preview(stacks))


@app.command(rich_help_panel=_PREVIEW)
def drift(
    stacks: _Stacks,
    repository: Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="Report drift in its issues.")] = None,
) -> None:
    """Report drift between each STACK and its account. Exits with 3 if there is any.

    Example: boutique ci drift dev prod --repository acme/boutique
    """
    from cli.ci.each_stack import drift

    raise typer.Exit(drift(stacks, repository))


@app.command(rich_help_panel=_PREVIEW)
def versions(
    stack: AwsStack,
    *,
    running: Annotated[bool, typer.Option("--running", help="Only the images that run now.")] = False,
) -> None:
    """Write the images that a preview of STACK assumes to build/images-STACK.json. Nothing is built.

    Example: boutique ci versions dev
    """
    from cli.ci.versions import write_versions

    write_versions(stack, running=running)


@app.command(rich_help_panel=_PREVIEW)
def vulnerabilities(services: Annotated[list[str], typer.Argument(metavar="SERVICE...")]) -> None:
    """Build the images of each SERVICE and scan them with Trivy. Exits with 1 for a vulnerability that has a fix.

    Example: boutique ci vulnerabilities cart currency
    """
    from cli.ci.vulnerabilities import vulnerabilities

    raise typer.Exit(vulnerabilities(services))


@app.command("sign-in", rich_help_panel=_DEPLOY)
def sign_in(stack: AwsStack) -> None:
    """Sign the later steps of a CircleCI job in to AWS, with the role that changes STACK.

    Example: boutique ci sign-in dev
    """
    import os

    from cli.ci.sign_in import sign_in_job

    sign_in_job(stack, os.environ)


@app.command(rich_help_panel=_DEPLOY)
def release(
    stack: AwsStack,
    service: Annotated[str, typer.Option(help="The service that gets a new image.")] = "",
    image: Annotated[str, typer.Option(help="Its new image, by digest.")] = "",
) -> None:
    """Write the images of services from other repositories to the settings file of STACK.

    Services without a new image keep the one that they run.

    Example: boutique ci release dev --service currency --image registry.example.com/currency@sha256:…
    """
    from cli.ci.release import release_to

    release_to(stack, service, image)


@app.command(rich_help_panel=_DEPLOY)
def expire(stack: AwsStack) -> None:
    """Tear STACK down once the day in its settings has come. Exits with 1 if something is left.

    Example: boutique ci expire demo
    """
    from cli.ci.expiry import expire_stack

    raise typer.Exit(expire_stack(stack))
