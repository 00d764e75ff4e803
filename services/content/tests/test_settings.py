"""The settings, and how the service reports invalid ones."""

import os

import pytest

from boutique_content.settings import ContentSettings
from boutique_runtime.settings import load_settings


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PICTURES_BUCKET", "Pictures"), ("PICTURES_BUCKET", "a/b"), ("PICTURES_REGION", "Frankfurt")],
)
def test_an_invalid_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str
) -> None:
    monkeypatch.setenv("PICTURES_BUCKET", "pictures")
    monkeypatch.setenv("PICTURES_REGION", "eu-central-1")
    assert load_settings(ContentSettings).pictures.bucket == "pictures"
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        load_settings(ContentSettings)
    assert ended.value.code == os.EX_CONFIG
    assert capsys.readouterr().err.startswith(f"{variable}: ")
