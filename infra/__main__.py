"""Pulumi's entry point: deploys the selected stack."""

import dataclasses
import os
import signal
from pathlib import Path

import pulumi

from boutique_definition.service_file import load_service_files
from boutique_definition.validation import ConfigError
from infra.config.images import load_images
from infra.config.settings import Settings, check_settings
from infra.program import deploy

ROOT = Path(__file__).parent.parent

# The engine interrupts the program only after it has reported an error, which a stack trace would hide.
signal.signal(signal.SIGINT, signal.SIG_DFL)

stack, config = pulumi.get_stack(), pulumi.Config()
content = {key: value for key in Settings.model_fields if (value := config.get_object(key)) is not None}
try:
    outputs = deploy(
        stack,
        check_settings(stack, content),
        load_service_files(ROOT / "services"),
        load_images(Path(os.environ.get("BOUTIQUE_IMAGES", ROOT / "build" / "images.json"))),
    )
except ConfigError as error:
    raise pulumi.RunError(str(error)) from None
for field in dataclasses.fields(outputs):
    pulumi.export(field.name, getattr(outputs, field.name))
