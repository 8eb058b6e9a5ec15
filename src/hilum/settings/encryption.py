"""Payloads sealed in the journal, and where the master key comes from."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field, SecretStr

from hilum.settings.names import DataClassName
from hilum.settings.section import Section


class VaultSettings(Section):
    """`[encryption.vault]`: a secret in a KV store, version 2, of HashiCorp Vault or another with its API."""

    url: str = Field("", description="Address of the vault, `https://…`; empty: none")
    mount: str = Field("secret", description="Where the KV store is mounted")
    path: str = Field("hilum", description="Path of the secret")
    field: str = Field(
        "master_key", description="Field of the secret that holds the key; keys before it: `previous_keys`"
    )
    token: SecretStr = Field(SecretStr(""), description="Token that may read the secret")
    token_file: Path | None = Field(None, description="File with the token, where an agent of the vault renews it")
    namespace: str = Field("", description="Namespace, where the vault has them")
    ca_file: Path | None = Field(
        None, description="Certificates that the vault's is checked against; none: the system's"
    )


class EncryptionSettings(Section):
    """`[encryption]`: payloads in the journal, sealed under a master key."""

    model_config = ConfigDict(populate_by_name=True)

    classes: tuple[DataClassName, ...] = Field(
        ("phi",), alias="for", description="Data classes whose payloads are encrypted, unless their flow says otherwise"
    )
    key: SecretStr = Field(
        SecretStr(""), description="The master key, as `hilum keys new` prints it: `${HILUM_MASTER_KEY}`"
    )
    key_file: Path | None = Field(
        None, description="File with the master key in its first line and former ones below; only its owner may read it"
    )
    previous_keys: tuple[SecretStr, ...] = Field(
        (), description="Other master keys that old or coming data keys may need"
    )
    vault: VaultSettings = Field(VaultSettings(), description="A vault that holds the master key")
