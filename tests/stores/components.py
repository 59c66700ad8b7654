"""Real storages on this machine, each with its own data: started, filled and stopped by the tests."""

import base64
import dataclasses
import datetime
import getpass
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import google_parts
import harness
import setup_stores

KEY, SECRET = "AKIDOXFLOW", "the-secret-of-the-storage"
AZURE_ACCOUNT = "devstoreaccount1"
# Azurite's own, which its documentation names.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
BUCKET = "mlflow"
STARTUP_SECONDS = 120
# `make test-stores FULL=1`: what takes long to install or to start as well.
FULL = bool(os.environ.get("FULL"))
CEPH = ["ceph"] if FULL else []


@dataclasses.dataclass
class Storage:
    """A storage: its location, the settings by which clients and servers reach it, and what it can do.

    `web` is the location of its HTTP interface, if it has one of its own.
    """

    name: str
    location: str
    environment: dict
    secrets: list
    parts: bool
    folder: pathlib.Path
    process: subprocess.Popen = None
    etags: bool = True
    web: str = ""

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


def start_s3(folder, port=None, words=()):
    """s3s-fs checks signatures, their age, and the sizes of parts. It keeps keys as files, so it knows folders, too."""
    port = port or harness.free_port()
    (folder / "buckets" / BUCKET).mkdir(parents=True, exist_ok=True)
    process = launch(folder, *words, str(setup_stores.s3s()), "--host", "127.0.0.1", "--port", str(port),
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


def start_ceph(folder):
    """Ceph's gateway to S3, with a monitor and a storage in memory: a production S3."""
    monitor, gateway = harness.free_port(), harness.free_port()
    settings = folder / "ceph.conf"
    for name in ("mon", "osd", "log"):
        (folder / name).mkdir(parents=True)
    cluster, disk = str(uuid.uuid4()), str(uuid.uuid4())
    # Without authentication inside the cluster, the gateway hangs unless clients of the monitor want no encryption.
    settings.write_text(f"""[global]
fsid = {cluster}
mon host = [v2:127.0.0.1:{monitor}]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
ms bind ipv6 = false
ms client mode = crc
ms mon client mode = crc
admin socket =
run dir = {folder}
log file = {folder}/log/$name.log
pid file = {folder}/$name.pid
mon data = {folder}/mon
mon data avail warn = 1
mon data avail crit = 1
mon allow pool size one = true
mon max pg per osd = 2000
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw dns name = localhost
rgw thread pool size = 32
ms client mode = crc
ms mon client mode = crc
""")

    def run(program, *words):
        done = subprocess.run([program, "-c", str(settings), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=120, cwd=folder)
        return done.returncode == 0, done.stdout

    def must(program, *words):
        worked, output = run(program, *words)
        assert worked, f"{program}: {output}"

    must("monmaptool", "--create", "--fsid", cluster, "--addv", "a", f"[v2:127.0.0.1:{monitor}]", str(folder / "monmap"))
    must("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(folder / "monmap"))
    # One process group, so that all end together.
    later = '(while [ ! -e "{0}" ]; do sleep 0.1; done; exec {1}) & '
    words = f'-c "{settings}" -f'
    process = launch(folder, "sh", "-c", later.format(folder / "osd-made", f"ceph-osd {words} -i 0")
                     + later.format(folder / "user-made", f"radosgw {words} -n client.rgw.a") + f"exec ceph-mon {words} -i a")
    storage = Storage("ceph", f"s3://{BUCKET}", {}, [SECRET], True, folder, process)
    try:
        harness.wait_until(lambda: run("ceph", "--connect-timeout", "5", "-s")[0], 90, "the monitor answers")
        must("ceph", "osd", "new", disk)
        must("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        (folder / "osd-made").touch()
        harness.wait_until(lambda: "1 up" in run("ceph", "--connect-timeout", "5", "osd", "stat")[1], 90, "the storage is up")
        must("radosgw-admin", "-n", "client.rgw.a", "user", "create", "--uid", "mlflow", "--display-name", "mlflow",
             "--access-key", KEY, "--secret", SECRET)
        (folder / "user-made").touch()
        url = f"http://127.0.0.1:{gateway}"
        wait_for_http(process, url, folder)
        storage.environment = s3_environment(url)
        make = f'import boto3; boto3.client("s3", endpoint_url="{url}").create_bucket(Bucket="{BUCKET}")'
        subprocess.run([setup_stores.python(), "-c", make], check=True, env={**os.environ, **storage.environment})
    except BaseException:
        storage.stop()
        raise
    return storage


class Mount(Storage):
    def stop(self):
        subprocess.run(["fusermount3", "-u", "-z", self.location], check=False)
        super().stop()


def start_mount(folder):
    """A folder of another machine, mounted by sshfs."""
    sftp = start_sftp(folder)
    place = folder / "mounted"
    place.mkdir()
    remote = urllib.parse.urlsplit(sftp.location)
    keys = folder / "home" / ".ssh"
    # Here, unlike in MLflow's client, hosts are known with their port.
    (keys / "known_hosts_ports").write_text((keys / "known_hosts").read_text().replace("127.0.0.1", f"[127.0.0.1]:{remote.port}"))
    subprocess.run(["sshfs", "-p", str(remote.port), "-o", f"IdentityFile={keys}/id_rsa,UserKnownHostsFile={keys}/known_hosts_ports",
                    f"{remote.username}@127.0.0.1:{remote.path}", str(place)], check=True)
    return Mount("mount", str(place), {}, [], False, folder, sftp.process)


# By itself, it queues five connections (those that are dropped are tried again after one second, three, seven), and writes
# a list of all objects, deleted ones too, after every change, even to memory.
GOOGLE = """
import http.server, sys
from gcp_storage_emulator import __main__, storage
http.server.HTTPServer.request_queue_size = 1000
storage.Storage._write_config_to_file = lambda self: None
sys.exit(__main__.main())
"""


def start_gcs(folder):
    port = harness.free_port()
    process = launch(folder, str(setup_stores.python()), "-c", GOOGLE, "start", "--host", "127.0.0.1", "--port", str(port),
                     "--in-memory", "--default-bucket", BUCKET)
    url = f"http://127.0.0.1:{port}"
    wait_for_http(process, url, folder)
    return Storage("gs", f"gs://{BUCKET}", {"STORAGE_EMULATOR_HOST": url, "GOOGLE_CLOUD_PROJECT": "oxflow"}, [], False,
                   folder, process)


def start_gcs_parts(folder):
    """The same with uploads in parts, and an account whose key signs URLs."""
    storage = start_gcs(folder)
    email = "ana@project.iam.gserviceaccount.com"
    key, public_key = google_parts.new_key()
    account = folder / "account.json"
    account.write_text(json.dumps({"type": "service_account", "client_email": email, "private_key": key,
                                   "token_uri": "http://127.0.0.1:1/"}))
    emulator = storage.environment["STORAGE_EMULATOR_HOST"].removeprefix("http://")
    front = google_parts.GoogleParts(emulator, email, public_key)
    storage.environment |= {"STORAGE_EMULATOR_HOST": front.uri, "GOOGLE_APPLICATION_CREDENTIALS": str(account)}
    storage.parts = True
    return storage


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


def lake_of(azure):
    """The location of a data lake, which is spoken to by the blob host of its account."""
    return dataclasses.replace(azure, name="lake", location=f"abfss://{BUCKET}@{AZURE_ACCOUNT}.dfs.core.windows.net")


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


def start_sftp(folder):
    """OpenSSH, which lets in whoever has the key that the home folder below holds."""
    port, home, files = harness.free_port(), folder / "home", folder / "files"
    (home / ".ssh").mkdir(parents=True)
    files.mkdir()
    # MLflow's own client reads no other kind of key.
    make_key(home / ".ssh" / "id_rsa", "-t", "rsa", "-b", "2048")
    make_key(folder / "hostkey", "-t", "ed25519")
    config = folder / "sshd_config"
    config.write_text("\n".join([
        "ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {folder}/hostkey", f"PidFile {folder}/sshd.pid",
        f"AuthorizedKeysFile {home}/.ssh/id_rsa.pub", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
        "UsePAM no", "PermitRootLogin prohibit-password", "StrictModes no", "MaxStartups 100", "Subsystem sftp internal-sftp", ""]))
    checked = subprocess.run([sshd(), "-t", "-f", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if missing := re.search(r"Missing privilege separation directory: (\S+)", checked.stdout):
        os.makedirs(missing.group(1), mode=0o755, exist_ok=True)
    process = launch(folder, sshd(), "-D", "-e", "-f", str(config))
    wait_for_port(process, port, folder)
    host_key = " ".join((folder / "hostkey.pub").read_text().split()[:2])
    # MLflow's own client looks for hosts without their port.
    (home / ".ssh" / "known_hosts").write_text(f"127.0.0.1 {host_key}\n")
    # Its library takes a key from here, or none.
    (home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {home}/.ssh/id_rsa\n")
    return Storage("sftp", f"sftp://{getpass.getuser()}@127.0.0.1:{port}{files}", {"HOME": str(home)}, [], False, folder,
                   process, etags=False)


def make_key(file, *options):
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-f", str(file), *options], check=True)


def sshd():
    return shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")


FTP_USER, FTP_PASSWORD = "mlflow", "p@ss word"


def start_ftp(folder, secure=False, facts=True):
    """ProFTPD. With TLS, as it is by default: data connections have to resume the session of the commands."""
    port, files = harness.free_port(), folder / "files"
    files.mkdir(parents=True)
    root = os.geteuid() == 0
    user, group = (pwd.getpwnam("nobody"), "nogroup") if root else (pwd.getpwuid(os.geteuid()), "users")
    if root:
        os.chown(files, user.pw_uid, user.pw_gid)
        for above in list(folder.parents)[:3]:  # pytest makes its folders for one user only
            above.chmod(above.stat().st_mode | 0o011)
        folder.chmod(0o711)
    hashed = subprocess.run(["openssl", "passwd", "-6", FTP_PASSWORD], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    users = folder / "users"
    users.write_text(f"{FTP_USER}:{hashed}:{user.pw_uid}:{user.pw_gid}::{files}:/bin/false\n")
    users.chmod(0o600)
    lines = ["ServerType standalone", "DefaultServer on", "ServerName test", "DefaultAddress 127.0.0.1", "SocketBindTight on",
             f"Port {port}", "UseIPv6 off", "AuthOrder mod_auth_file.c", f"AuthUserFile {users}", "RequireValidShell off",
             f"PidFile {folder}/pid", f"ScoreboardFile {folder}/scoreboard", f"SystemLog {folder}/system.log",
             "TransferLog none", "WtmpLog off", "DelayEngine off", "AllowOverwrite on", "AllowStoreRestart on",
             "AllowRetrieveRestart on", "TimesGMT on"]
    lines += [f"User {user.pw_name}", f"Group {group}", "DefaultRoot ~"] if root else []
    lines += [] if facts else ["FactsAdvertise off", "<Limit MLSD MLST>", "DenyAll", "</Limit>"]
    if secure:
        make_certificate(folder)
        lines += [f"ModulePath {proftpd_modules()}", "LoadModule mod_tls.c", "TLSEngine on", f"TLSLog {folder}/tls.log",
                  "TLSRequired on", f"TLSRSACertificateFile {folder}/cert.pem", f"TLSRSACertificateKeyFile {folder}/key.pem"]
    (folder / "proftpd.conf").write_text("\n".join(lines) + "\n")
    process = launch(folder, shutil.which("proftpd", path=f"{os.environ['PATH']}:/usr/sbin"), "-n", "-q", "-c",
                     str(folder / "proftpd.conf"))
    wait_for_port(process, port, folder)
    scheme = "ftps" if secure else "ftp"
    quoted = urllib.parse.quote(FTP_PASSWORD, safe="")
    environment = {"SSL_CERT_FILE": str(folder / "cert.pem")} if secure else {}
    return Storage(scheme, f"{scheme}://{FTP_USER}:{quoted}@localhost:{port}", environment, [FTP_PASSWORD], False, folder,
                   process, etags=False)


def start_ftps(folder):
    return start_ftp(folder, secure=True)


def start_old_ftp(folder):
    """A server from before machines read listings."""
    return start_ftp(folder, facts=False)


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                    "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, stderr=subprocess.DEVNULL)


def proftpd_modules():
    return next(pathlib.Path("/usr/lib").glob("**/proftpd/mod_tls.so")).parent


def wait_for_port(process, port, folder):
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            log = (folder / "storage.log").read_text(errors="replace")[-3000:]
            assert process.poll() is None and time.monotonic() < deadline, f"port {port} does not answer:\n{log}"
            time.sleep(0.05)


OPEN = ["--add-exports", "java.security.jgss/sun.security.krb5=ALL-UNNAMED", "--add-opens",
        "java.security.jgss/sun.security.krb5=ALL-UNNAMED", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "--add-opens",
        "java.base/sun.nio.ch=ALL-UNNAMED"]


def start_hdfs(folder):
    """Hadoop 2.7: a NameNode and a DataNode, without Kerberos."""
    node, web, data, control, data_web = (harness.free_port() for _ in range(5))
    conf = folder / "conf"
    conf.mkdir(parents=True)
    for name in ("hdfs", "datanode"):
        (folder / "res" / "webapps" / name / "WEB-INF").mkdir(parents=True)
        (folder / "res" / "webapps" / name / "WEB-INF" / "web.xml").write_text("<web-app/>")
    (folder / "res" / "webapps" / "static").mkdir()
    write_xml(conf / "core-site.xml", {"fs.defaultFS": f"hdfs://127.0.0.1:{node}", "hadoop.tmp.dir": folder / "tmp",
                                       "fs.viewfs.mounttable.cluster.link./mounted": f"hdfs://127.0.0.1:{node}/below",
                                       "fs.viewfs.mounttable.cluster.linkFallback": f"hdfs://127.0.0.1:{node}/"})
    write_xml(conf / "hdfs-site.xml", {
        "dfs.replication": 1, "dfs.namenode.name.dir": f"file://{folder}/nn", "dfs.datanode.data.dir": f"file://{folder}/dn",
        "dfs.namenode.http-address": f"127.0.0.1:{web}", "dfs.datanode.address": f"127.0.0.1:{data}",
        "dfs.datanode.ipc.address": f"127.0.0.1:{control}", "dfs.datanode.http.address": f"127.0.0.1:{data_web}",
        "dfs.permissions.enabled": "false", "dfs.namenode.safemode.extension": 0, "dfs.datanode.hostname": "127.0.0.1",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false", "dfs.namenode.fs-limits.min-block-size": 1024})
    java = ["java", "-Xmx256m", *OPEN, "-cp", f"{conf}:{folder}/res:{setup_stores.hadoop()}/*"]
    server = "org.apache.hadoop.hdfs.server"
    subprocess.run([*java, f"{server}.namenode.NameNode", "-format", "-force", "-nonInteractive"], check=True, cwd=folder,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # One process group, so that both end together.
    process = launch(folder, "sh", "-c", '"$@" org.apache.hadoop.hdfs.server.datanode.DataNode & '
                     'exec "$@" org.apache.hadoop.hdfs.server.namenode.NameNode', "sh", *java)
    alive = f"http://127.0.0.1:{web}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"

    def has_data_node():
        try:
            return b'"NumLiveDataNodes" : 1' in urllib.request.urlopen(alive, timeout=5).read()
        except OSError:
            assert process.poll() is None, (folder / "storage.log").read_text(errors="replace")[-3000:]
            return False

    harness.wait_until(has_data_node, 120, "the DataNode is there")
    return Storage("hdfs", f"hdfs://127.0.0.1:{node}", {"HADOOP_CONF_DIR": str(conf), "HADOOP_USER_NAME": "ana"}, [], False,
                   folder, process, web=f"webhdfs://127.0.0.1:{web}")


def web_of(hdfs):
    """The same cluster by its HTTP interface."""
    return dataclasses.replace(hdfs, name="webhdfs", location=hdfs.web)


def write_xml(file, properties):
    rows = "".join(f"<property><name>{name}</name><value>{value}</value></property>" for name, value in properties.items())
    file.write_text(f"<configuration>{rows}</configuration>")


START = {"s3": start_s3, "moto": start_moto, "gs": start_gcs, "azure": start_azure, "http": start_server, "sftp": start_sftp,
         "ftps": start_ftps, **({"ceph": start_ceph, "mount": start_mount} if FULL else {})}
# Those that not every test asks for.
MORE = {"gs parts": start_gcs_parts, "ftp": start_ftp, "old ftp": start_old_ftp, "hdfs": start_hdfs}
