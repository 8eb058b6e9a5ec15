"""Files: the folder that other systems drop files into, and the writer that drops files for them; local or SFTP.

    source=files.Folder(url="sftp://hub@files.example/out", pattern="*.csv", split="rows")
    flow.deliver_to(files.write("files.ledger", name="{message_id}.csv"))
    flow.deliver_to(files.write(url="/srv/exchange/out"))

The two stores are our own, on the operating system's calls and on asyncssh, and not fsspec's: that has no call for
"create, but never replace", "on the disk now" or "close this connection", and files lost or doubled come of just those.
"""

from hilum.connectors.files.folder import Folder
from hilum.connectors.files.writer import Writer, write

__all__ = ["Folder", "Writer", "write"]
