"""The HTTP side of the sandbox: JSON-2, JSON-RPC, XML-RPC, its own control paths and the page for people."""
