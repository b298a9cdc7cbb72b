"""An FTP server on loopback, of pyftpdlib: FOLDER USER PASSWORD PORT; says when it listens."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


def serve(folder: str, user: str, password: str, port: str) -> None:
    class Handler(FTPHandler):
        authorizer = DummyAuthorizer()
        auth_failed_timeout = 0

    Handler.authorizer.add_user(user, password, folder, perm="elradfmwMT")
    server = ThreadedFTPServer(("127.0.0.1", int(port)), Handler)
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
