"""An SFTP server, by AsyncSSH, that wants a password.

    password_sftp.py PORT FOLDER HOST-KEY USER PASSWORD [form]

With `form`, it asks for the password in a form of its own (keyboard-interactive), as servers with PAM do.
"""

import asyncio
import sys

import asyncssh

port, folder, key, user, password, *form = sys.argv[1:]


class Server(asyncssh.SSHServer):
    def begin_auth(self, _):
        return True

    def password_auth_supported(self):
        return not form

    def validate_password(self, name, given):
        return (name, given) == (user, password)

    def kbdint_auth_supported(self):
        return bool(form)

    def get_kbdint_challenge(self, *_):
        return "", "", "", [("Secret:", False)]

    def validate_kbdint_response(self, name, given):
        return (name, list(given)) == (user, [password])


def files(channel):
    return asyncssh.SFTPServer(channel, chroot=folder)


async def main():
    await asyncssh.listen("127.0.0.1", int(port), server_factory=Server, server_host_keys=[key], sftp_factory=files)
    await asyncio.Event().wait()


asyncio.run(main())
