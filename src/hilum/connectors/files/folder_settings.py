"""The settings of a folder that files are taken from."""

from __future__ import annotations

from typing import Self

from pydantic import Field, InstanceOf, field_validator, model_validator

from hilum.connectors.files.store import Split, StoreSettings, plain
from hilum.errors import SettingsError
from hilum.flow.schedule import Windows
from hilum.formats.fixed_width import check_columns
from hilum.formats.parquet import check_parquet


class FolderSettings(StoreSettings):
    """Settings of a folder that files are taken from."""

    pattern: str = Field(
        default="*", description="Names of the files that are taken, with * and ?", examples=["orders-*.csv"]
    )
    split: Split = Field(
        default="none",
        description="What becomes a message: each row of a delimited file (rows), of a file of fixed width (fixed), of "
        "a spreadsheet (xlsx) or a Parquet table (parquet); each HL7 v2 message (hl7); each X12 "
        "transaction set in its envelope (x12) or interchange (x12-interchange); each "
        "EDIFACT message in its envelope (edifact) or interchange (edifact-interchange); each member of "
        "a JSON array, or line of JSON Lines (json); each XML element of one name (xml); the file (none)",
        examples=["rows"],
    )
    done: str = Field(default="done", description="Folder inside it for files that were taken", examples=["done"])
    failed: str = Field(
        default="failed",
        description="Folder inside it for files of which something was refused, with a .reason.txt beside",
        examples=["failed"],
    )
    poll: float = Field(
        default=5,
        gt=0,
        description="Seconds between two looks, and before a unit that was refused for now comes again",
        examples=[10],
        json_schema_extra={"unit": "s"},
    )
    when: InstanceOf[Windows] | None = Field(
        default=None,
        description="Windows in which it looks; empty: at all times. What was begun is finished outside them",
        examples=['Windows("MON-FRI 06:00-18:00", zone="Europe/Berlin")'],
    )
    stable_for: float = Field(
        default=5,
        ge=0,
        description="Seconds in which size and time of a file must not change before it is taken",
        examples=[30],
        json_schema_extra={"unit": "s"},
    )
    marker: str = Field(
        default="",
        description="Ending of the empty file that says that the file beside is complete; stable_for is then ignored",
        examples=[".ok"],
    )
    encoding: str = Field(default="utf-8", description="Character set of rows and lines", examples=["cp1252"])
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Delimiter of rows; empty: found from the head line",
        examples=[";"],
    )
    columns: tuple[tuple[str, int], ...] = Field(
        default=(),
        description="Of files of fixed width: names and widths in characters, in order; without a name: read over",
        examples=[[["item", 8], ["", 2], ["quantity", 6]]],
    )
    element: str = Field(
        default="",
        description="Of XML: name of the elements that become messages, in any namespace",
        examples=["Order"],
    )
    sheet: str = Field(default="", description="Of spreadsheets: the sheet; empty: the first one", examples=["Orders"])
    max_unit: int = Field(
        default=16 * 2**20,
        ge=1024,
        description="Largest row, message, X12 or EDIFACT part, record or whole file in bytes; "
        "a file with a larger one fails",
        examples=[1048576],
        json_schema_extra={"unit": "bytes"},
    )

    max_file: int = Field(
        default=64 * 2**20,
        ge=1024,
        description="Largest spreadsheet or Parquet file in bytes: their directory is at the end, so all of it is held",
        examples=[16777216],
        json_schema_extra={"unit": "bytes"},
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        """Rows are told apart by their line ends before they are decoded, which UTF-16 and the like do not allow."""
        try:
            fits = "\n".encode(encoding) == b"\n"
        except LookupError:
            fits = False
        if not fits:
            raise ValueError("this is no character set whose first 128 characters are those of ASCII")
        return encoding

    @field_validator("done", "failed")
    @classmethod
    def _inside(cls, folder: str) -> str:
        """A folder of another directory could not be moved to in one step."""
        if not plain(folder):
            raise ValueError("this is the plain name of a folder inside the directory")
        return folder

    @model_validator(mode="after")
    def _what_the_split_needs(self) -> Self:
        """What one way to divide files needs, and no other has."""
        if self.split == "fixed":
            check_columns(self.columns)
        if self.split == "xml" and not self.element:
            raise ValueError("element: say which elements become messages")
        if self.split == "parquet":
            try:
                check_parquet()
            except SettingsError as error:
                raise ValueError(str(error)) from None
        return self
