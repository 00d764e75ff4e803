"""The repository as pipelines see it, and its stacks with access for them."""

from dataclasses import replace
from pathlib import PurePosixPath

from cli.ci.repository import Repository, Stack
from dev.virtual_environment import ROOT
from infra.config.aws import PipelineSettings

ORGANIZATION = "5c8f9d0e-1f2a-4b3c-8d4e-5f6a7b8c9d0e"
PROJECT = "0e9d8c7b-6a5f-4e4d-8c3b-2a1f0e9d8c5c"


def the_repository() -> Repository:
    return Repository.read(ROOT)


def with_access(repository: Repository, branch: str = "main") -> Repository:
    """With roles for pipelines in every stack on AWS."""
    pipelines = PipelineSettings(organization=ORGANIZATION, project=PROJECT, branch=branch)
    stacks = {
        name: Stack(name, stack.aws.model_copy(update={"pipelines": pipelines}) if stack.aws else None)
        for name, stack in repository.stacks.items()
    }
    return replace(repository, stacks=stacks)


def with_elsewhere(repository: Repository, service: str) -> Repository:
    """With a service whose source is in another repository."""
    moved = PurePosixPath("services", service, "src")
    return replace(repository, files=tuple(file for file in repository.files if not file.is_relative_to(moved)))
