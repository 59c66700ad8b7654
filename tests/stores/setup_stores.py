#!/usr/bin/env python3
"""Installs the storages that artifact stores are tested against, and the SDKs of stock MLflow for them.

    setup_stores.py [--full]        into stores/ beside the environments of tests/e2e (OXFLOW_VENVS, else .venvs)

    s3s-fs     an S3 server that checks signatures and sizes of parts (cargo)
    Azurite    Microsoft's emulator of blob storage (npm)
    gcp-storage-emulator, boto3, google-cloud-storage, azure-storage-blob, pysftp (pip)

With --full, also Ceph's S3, sshfs and iptables (Debian), and Hadoop 2.7: its NameNode and DataNode come with an old
PySpark (pip, 218 MB), some libraries of theirs from Debian. That is why `make test` does without, and only `make test-stores FULL=1` has them.

What is there already, in the same version, is left alone.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import setup_venvs  # noqa: E402 (needs the path above)

S3S = "0.14.1"
AZURITE = "3.37.0"
PYSPARK = "2.4.8"
STOCK = "mlflow-3.17.2"


def root():
    return setup_venvs.venv_root() / "stores"


def s3s():
    return root() / "cargo" / "bin" / "s3s-fs"


def azurite():
    return root() / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


def hadoop():
    """The folder of Hadoop's jars."""
    return root() / "hadoop"


def python():
    """A Python with stock MLflow and the SDKs."""
    return root() / "venv" / "bin" / "python"


def install_s3s():
    subprocess.run(["cargo", "install", "--quiet", "--locked", "--debug", "--version", S3S, "--features", "binary",
                    "--root", str(root() / "cargo"), "s3s-fs"], check=True)


def install_azurite():
    (root() / "package.json").write_text('{"private": true}\n')
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error", "--no-package-lock",
                    f"azurite@{AZURITE}"], check=True, cwd=root())


def install_python():
    venv = root() / "venv"
    subprocess.run([setup_venvs.PYTHON, "-m", "venv", "--clear", str(venv)], check=True)
    # MLflow comes from the environment of the end-to-end tests; pip sees it and adds only what is not there.
    packages = next((venv / "lib").glob("python*")) / "site-packages"
    stock = next((setup_venvs.venv_root() / STOCK / "lib").glob("python*")) / "site-packages"
    (packages / "stock.pth").write_text(f"{stock}\n")
    subprocess.run([str(python()), "-m", "pip", "--disable-pip-version-check", "--quiet", "install",
                    "--requirement", str(HERE / "requirements.txt")], check=True)


# Of PySpark's 200 jars, those that a NameNode and a DataNode load.
JARS = """hadoop-common-2 hadoop-hdfs-2 hadoop-auth-2 hadoop-annotations jetty-6 jetty-util-6 jsp-api guava-14 protobuf-java
    commons-cli commons-lang-2 commons-logging commons-io commons-codec commons-collections commons-configuration
    commons-beanutils-1 commons-math3 commons-net commons-httpclient httpclient httpcore log4j-1 slf4j-api slf4j-log4j12
    htrace-core netty-3 netty-all leveldbjni javax.servlet-api jackson-core-asl jackson-mapper-asl xmlenc apacheds api-asn1
    api-util jaxb-api zookeeper curator jsr305 gson activation commons-digester xbean-asm6""".split()
DEBIAN = ["libjersey1-core-java", "libjersey1-server-java", "libjersey1-servlet-java", "libjsr311-api-java",
          "libcommons-daemon-java"]


def install_debian(packages):
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*sudo, "apt-get", "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qy", "--no-install-recommends",
                    *packages], check=True, stdout=subprocess.DEVNULL)


# What tests run, and the package that has it.
PROGRAMS = {"ceph-mon": "ceph-mon", "ceph-osd": "ceph-osd", "radosgw": "radosgw", "ceph": "ceph-common", "sshfs": "sshfs",
            "ip": "iproute2", "iptables": "iptables"}


def install_programs():
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if missing := [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]:
        install_debian(missing)


def install_hadoop():
    java = [] if shutil.which("java") else ["default-jre-headless"]
    install_debian([*DEBIAN, *java])
    unpacked, jars = root() / "pyspark", hadoop()
    shutil.rmtree(jars, ignore_errors=True)
    jars.mkdir()
    # Its setup script needs an old helper.
    constraint = root() / "pyspark.txt"
    constraint.write_text("pypandoc<1.8\n")
    subprocess.run([str(python()), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--target",
                    str(unpacked), f"pyspark=={PYSPARK}"], check=True, env={**os.environ, "PIP_CONSTRAINT": str(constraint)})
    for name in JARS:
        for jar in (unpacked / "pyspark" / "jars").glob(f"{name}*.jar"):
            shutil.copy(jar, jars)
    for package in DEBIAN:
        listed = subprocess.run(["dpkg", "-L", package], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        for file in listed:
            if "/share/java/" in file and file.endswith(".jar") and not os.path.islink(file):
                shutil.copy(file, jars)
    shutil.rmtree(unpacked)


def parts():
    pins = hashlib.sha256((HERE / "requirements.txt").read_bytes()).hexdigest()
    return {"s3s-fs": (S3S, s3s(), install_s3s), "azurite": (AZURITE, azurite(), install_azurite),
            "python": (pins, python(), install_python)}


def ensure(name, version, needed, install):
    stamp, began = root() / f"{name}.version", time.monotonic()
    if needed.exists() and stamp.exists() and stamp.read_text() == version:
        return f"{name}: up to date"
    install()
    # Written last: an interrupted install is started over.
    stamp.write_text(version)
    return f"{name}: installed in {time.monotonic() - began:.0f} s"


def main():
    root().mkdir(parents=True, exist_ok=True)
    full = "--full" in sys.argv
    late = [("hadoop", (PYSPARK, hadoop(), install_hadoop))] if full else []
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for line in pool.map(lambda part: ensure(part[0], *part[1]), parts().items()):
            print(line, flush=True)
    if full:
        install_programs()
    for name, part in late:
        print(ensure(name, *part), flush=True)


if __name__ == "__main__":
    main()
