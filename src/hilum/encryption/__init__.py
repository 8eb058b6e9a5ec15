"""Payloads that only this hub can read: how they are sealed, and where the master key comes from."""

from hilum.encryption.master_keys import KeySource
from hilum.encryption.sealing import DataKey, MasterKey, MasterKeys, NotSealed, key_text, new_key, read_key

__all__ = ["DataKey", "KeySource", "MasterKey", "MasterKeys", "NotSealed", "key_text", "new_key", "read_key"]
