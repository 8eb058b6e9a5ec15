"""Secrets that are handed out in files: any setting may take its value from one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.errors import SettingsError
from hilum.settings import interpolate, load_settings


@pytest.mark.req("SEC-3")
def test_a_setting_takes_its_value_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "odoo-key"
    secret.write_text("s3cr€t\n", encoding="utf-8")
    (tmp_path / "hilum.toml").write_text(
        f'[hub]\ndatabase_url = "postgresql://hilum:${{file:{secret}}}@db/hilum"\n'
        f'[endpoints.odoo.main]\napi_key = "${{file:{secret}}}"\n',
        encoding="utf-8",
    )
    settings = load_settings(tmp_path, {})
    assert settings.hub.database_url.get_secret_value() == "postgresql://hilum:s3cr€t@db/hilum"
    assert "s3cr€t" not in repr(settings)
    assert interpolate(settings.endpoints, {}) == {"odoo": {"main": {"api_key": "s3cr€t"}}}


@pytest.mark.req("SEC-3")
def test_a_file_that_cannot_be_read_is_named_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, words in (("absent", "No such file"), ("binary", "it is not text"), ("", "Is a directory")):
        with pytest.raises(SettingsError, match=rf"^hub\.key: the file .* cannot be read: {words}"):
            interpolate({"hub": {"key": f"${{file:{tmp_path}/{name}}}"}}, {})
    assert interpolate("${file:relative}", {}) == "${file:relative}", "only whole paths: nobody knows relative to what"
