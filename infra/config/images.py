"""The file that the image build writes: the image of each service to run."""

from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError

from boutique_definition.validation import ConfigError

ImageReference = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9./:_-]*[:@][A-Za-z0-9_.:-]+$")]
_Images = TypeAdapter(dict[str, ImageReference])


def load_images(path: Path) -> dict[str, str]:
    """Returns image references by name.

    Raises:
        ConfigError: The file is missing or does not have an image for each name.
    """
    try:
        return _Images.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"{path}: is missing: `boutique up` builds the images and writes it") from None
    except ValidationError as error:
        problem = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
