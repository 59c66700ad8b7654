"""Real storages on this machine, each with its own data: started, filled and stopped by the tests."""

import base64
import dataclasses
import datetime
import hashlib
import hmac
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request

import harness
import setup_stores

KEY, SECRET = "AKIDOXFLOW", "the-secret-of-the-storage"
AZURE_ACCOUNT = "devstoreaccount1"
# Azurite's own, which its documentation names.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
BUCKET = "mlflow"
STARTUP_SECONDS = 40


@dataclasses.dataclass
class Storage:
    """A storage: its location, the settings by which clients and servers reach it, and what it can do."""

    name: str
    location: str
    environment: dict
    secrets: list
    parts: bool
    folder: pathlib.Path
    process: subprocess.Popen = None

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def launch(folder, *command, environment=None):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "storage.log", "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
                                env={**os.environ, **(environment or {})})


def wait_for_http(process, url, folder):
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            log = (folder / "storage.log").read_text(errors="replace")[-3000:]
            assert process.poll() is None and time.monotonic() < deadline, f"{url} does not answer:\n{log}"
            time.sleep(0.05)


def start_s3(folder):
    """s3s-fs checks signatures, their age, and the sizes of parts. It keeps keys as files, so it knows folders, too."""
    port = harness.free_port()
    (folder / "buckets" / BUCKET).mkdir(parents=True)
    process = launch(folder, str(setup_stores.s3s()), "--host", "127.0.0.1", "--port", str(port),
                     "--access-key", KEY, "--secret-key", SECRET, "--domain", f"localhost:{port}",
                     str(folder / "buckets"), environment={"RUST_LOG": "warn"})
    url = f"http://127.0.0.1:{port}"
    wait_for_http(process, url, folder)
    return Storage("s3", f"s3://{BUCKET}", s3_environment(url), [SECRET], True, folder, process)


def s3_environment(url):
    return {"MLFLOW_S3_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}


def start_moto(folder):
    """moto knows keys and nothing else, as S3 does; signatures it believes blindly."""
    port = harness.free_port()
    process = launch(folder, str(setup_stores.python()), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    url = f"http://127.0.0.1:{port}"
    wait_for_http(process, url, folder)
    urllib.request.urlopen(urllib.request.Request(f"{url}/{BUCKET}", method="PUT"), timeout=10).close()
    return Storage("moto", f"s3://{BUCKET}", s3_environment(url), [SECRET], True, folder, process)


def start_gcs(folder):
    port = harness.free_port()
    emulator = setup_stores.python().with_name("gcp-storage-emulator")
    process = launch(folder, str(emulator), "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory",
                     "--default-bucket", BUCKET)
    url = f"http://127.0.0.1:{port}"
    wait_for_http(process, url, folder)
    return Storage("gs", f"gs://{BUCKET}", {"STORAGE_EMULATOR_HOST": url, "GOOGLE_CLOUD_PROJECT": "oxflow"}, [], False,
                   folder, process)


def start_azure(folder):
    """Azurite checks keys and signatures."""
    port = harness.free_port()
    process = launch(folder, "node", str(setup_stores.azurite()), "--blobHost", "127.0.0.1", "--blobPort", str(port),
                     "--location", str(folder / "blobs"), "--silent", "--skipApiVersionCheck", "--disableTelemetry")
    url = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
    wait_for_http(process, url, folder)
    create_container(url, BUCKET)
    connection = (f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};"
                  f"BlobEndpoint={url};")
    return Storage("azure", f"wasbs://{BUCKET}@{AZURE_ACCOUNT}.blob.core.windows.net",
                   {"AZURE_STORAGE_CONNECTION_STRING": connection}, [AZURE_KEY], True, folder, process)


def create_container(url, name):
    """One signed request; the tests themselves leave Azure's SDK to stock MLflow."""
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = f"x-ms-date:{date}\nx-ms-version:2021-08-06"
    # The account stands twice: once as such, once because the emulator has it in the path.
    text = f"PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()).decode()
    request = urllib.request.Request(f"{url}/{name}?restype=container", method="PUT", data=b"", headers={
        "x-ms-date": date, "x-ms-version": "2021-08-06", "Content-Length": "0", "Content-Type": "",
        "Authorization": f"SharedKey {AZURE_ACCOUNT}:{signature}"})
    urllib.request.urlopen(request, timeout=10).close()


def start_server(folder):
    """Another Oxflow, with its artifacts in a folder."""
    server = harness.Server(folder).start()
    return Storage("http", f"{server.uri}/api/2.0/mlflow-artifacts/artifacts", {}, [], False, folder, server.process)


START = {"s3": start_s3, "moto": start_moto, "gs": start_gcs, "azure": start_azure, "http": start_server}
