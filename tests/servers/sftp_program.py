"""An SFTP server on loopback, of asyncssh: FOLDER HOST-KEY AUTHORIZED-KEYS PORT; says when it listens."""

import asyncio
import sys

import asyncssh


async def serve(folder: str, host_key: str, authorized: str, port: str) -> None:
    server = await asyncssh.listen(
        "127.0.0.1",
        int(port),
        server_host_keys=[host_key],
        authorized_client_keys=authorized,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=folder),
    )
    print("listening", flush=True)
    await server.wait_closed()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
