"""Where a server gets its keys for S3 from, beyond its own settings. The storage checks signatures, so only the right keys
get in."""

import hashlib
import http.server
import json
import subprocess
import sys
import threading
import urllib.parse

import pytest

import setup_stores
from components import KEY, SECRET
from test_transfer import PROXY, call

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


class Giver(http.server.ThreadingHTTPServer):
    """Gives the keys of the storage, as AWS's token service and the agent in a container do."""

    daemon_threads = True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), Giver.Handler)
        self.uri = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            fields = dict(urllib.parse.parse_qsl(query))
            self.server.seen.append((path, fields, self.headers.get("Authorization") or self.headers.get("x-amz-sso_bearer_token")))
            self.send_response(200)
            self.end_headers()
            if path == "/federation/credentials":
                self.wfile.write(json.dumps({"roleCredentials": {"accessKeyId": KEY, "secretAccessKey": SECRET, "sessionToken": "token",
                                                                 "expiration": 4102444800000}}).encode())
            elif "Action" in fields:
                self.wfile.write(
                    f"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{KEY}</AccessKeyId><SecretAccessKey>{SECRET}"
                    "</SecretAccessKey><SessionToken>token</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>".encode())
            else:
                self.wfile.write(json.dumps({"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": "token"}).encode())

        def log_message(self, *_):
            pass


def gets_in(server):
    assert call(server, "PUT", f"{PROXY}/f.txt", b"content")[0] == 200, server.output()
    assert call(server, "GET", f"{PROXY}/f.txt")[2] == b"content"
    assert SECRET not in server.log.read_text()


@pytest.fixture
def on_s3(s3, new_server, prefix):
    def make(environment):
        return new_server(destination=f"{s3.location}/{prefix}", environment={**s3.environment, **NO_KEYS, **environment})

    return make


def test_a_role_of_a_profile(on_s3, tmp_path):
    """By way of two others: keys -> role -> role."""
    giver = Giver()
    (tmp_path / "config").write_text(
        "[profile work]\nrole_arn = arn:aws:iam::1:role/work\nsource_profile = between\nexternal_id = a b\n"
        "[profile between]\nrole_arn = arn:aws:iam::1:role/between\nsource_profile = base\nrole_session_name = session\n")
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = AKBASE\naws_secret_access_key = base-secret\n")
    gets_in(on_s3({"AWS_PROFILE": "work", "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_ENDPOINT_URL_STS": giver.uri,
                   "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}))
    (_, first, by_base), (_, second, by_role) = giver.seen
    assert (first["RoleArn"], first["RoleSessionName"]) == ("arn:aws:iam::1:role/between", "session")
    assert (second["RoleArn"], second["ExternalId"]) == ("arn:aws:iam::1:role/work", "a b")
    assert "Credential=AKBASE/" in by_base and "/us-east-1/sts/aws4_request" in by_base
    assert f"Credential={KEY}/" in by_role


@pytest.mark.parametrize("text, words", [
    ("[profile x]\nrole_arn = arn:aws:iam::1:role/x\n", "no source_profile"),
    ("[profile x]\nrole_arn = a\nsource_profile = y\n[profile y]\nrole_arn = b\nsource_profile = x\n", "in a circle"),
    ("[profile x]\nrole_arn = a\nsource_profile = nobody\n", "'nobody' does not exist")])
def test_roles_that_lead_nowhere(on_s3, tmp_path, text, words):
    (tmp_path / "config").write_text(text)
    server = on_s3({"AWS_PROFILE": "x", "AWS_CONFIG_FILE": str(tmp_path / "config")})
    status, _, payload = call(server, "PUT", f"{PROXY}/f.txt", b"x")
    assert status == 500 and b"no credentials" in payload, payload
    assert words in server.log.read_text()


def test_a_role_of_a_token_service_that_others_wrote(storages, new_server, prefix, tmp_path):
    """moto's, which needs none of our own answers."""
    moto = storages("moto")
    (tmp_path / "config").write_text("[default]\nrole_arn = arn:aws:iam::123456789012:role/work\nsource_profile = default\n"
                                     "aws_access_key_id = AKBASE\naws_secret_access_key = base-secret\n")
    gets_in(new_server(destination=f"{moto.location}/{prefix}", environment={
        **moto.environment, **NO_KEYS, "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ENDPOINT_URL_STS": moto.environment["MLFLOW_S3_ENDPOINT_URL"]}))


def test_the_agent_of_a_container(on_s3, tmp_path):
    giver = Giver()
    (tmp_path / "token").write_text("a-token\n")
    gets_in(on_s3({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{giver.uri}/v1/credentials",
                   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}))
    assert giver.seen == [("/v1/credentials", {}, "a-token")]


def test_an_agent_elsewhere_is_not_told_the_token(on_s3):
    server = on_s3({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "a-token"})
    assert call(server, "PUT", f"{PROXY}/f.txt", b"x")[0] == 500
    assert "neither this machine nor AWS's agent" in server.log.read_text()


def test_a_program_of_a_profile(on_s3, tmp_path):
    keys = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET}
    (tmp_path / "give keys.py").write_text(f"print({json.dumps(json.dumps(keys))})")
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} '{tmp_path}/give keys.py'\n")
    gets_in(on_s3({"AWS_CONFIG_FILE": str(tmp_path / "config")}))


LOGIN = "sso_start_url = https://company.awsapps.com/start\nsso_region = eu-west-1\n"
ROLE = "sso_account_id = 123456789012\nsso_role_name = work role\n"


def test_who_has_logged_in(on_s3, tmp_path):
    """By the file that `aws sso login` leaves; boto finds the same keys there."""
    giver, home = Giver(), tmp_path / "home"
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (tmp_path / "config").write_text(f"[profile new]\nsso_session = company\n{ROLE}[sso-session company]\n{LOGIN}"
                                     f"[profile old]\n{LOGIN}{ROLE}")
    environment = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(home), "AWS_ENDPOINT_URL_SSO": giver.uri}
    tokens = {"new": ("company", "token-1"), "old": ("https://company.awsapps.com/start", "token-2")}
    for login, token in tokens.values():
        (cache / f"{hashlib.sha1(login.encode()).hexdigest()}.json").write_text(
            json.dumps({"accessToken": token, "expiresAt": "2100-01-01T00:00:00Z", "region": "eu-west-1"}))
    asked = {"role_name": "work role", "account_id": "123456789012"}
    expected = [("/federation/credentials", asked, token) for _, token in tokens.values()]
    for profile in tokens:
        gets_in(on_s3({**environment, "AWS_PROFILE": profile}))
    assert giver.seen == expected
    boto = "import boto3; print(*[boto3.Session(profile_name=name).get_credentials().access_key for name in ('new', 'old')])"
    shown = subprocess.run([setup_stores.python(), "-c", boto], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert shown.stdout.split() == [KEY, KEY] and giver.seen == expected * 2


def test_nobody_has_logged_in(on_s3, tmp_path):
    (tmp_path / "config").write_text(f"[default]\n{LOGIN}{ROLE}")
    server = on_s3({"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path)})
    status, _, payload = call(server, "PUT", f"{PROXY}/f.txt", b"x")
    assert status == 500 and b"no credentials" in payload, payload
    assert "aws sso login" in server.log.read_text()
