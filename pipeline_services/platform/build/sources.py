"""The steps that need more than one compiler's call: kind's node files, Kafka's jars, InfluxDB."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model import paths
from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.build import toolchains
from pipeline_services.platform.build.compile import STATIC, STRIPPED, Workshop, go_files, make_readable
from pipeline_services.platform.build.graph import COMPILE, FETCH, Job, Step

MAVEN_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
AGENT: Final = "jmx_prometheus_javaagent"
INFLUXD: Final = "github.com/influxdata/influxdb/v2/cmd/influxd"
RUST_FINDER: Final = "github.com/influxdata/pkg-config"
INFLUX_TAGS: Final = "sqlite_foreign_keys,sqlite_json,osusergo,netgo"
# The Rust library denies warnings, and newer compilers have new ones; RUSTFLAGS does not reach its build script.
LENIENT_RUSTC: Final = '#!/bin/sh\nexec "$@" --cap-lints=warn\n'


def steps(workshop: Workshop) -> list[Step]:
    """All of them, after the plain Go steps that they lean on."""
    return [_kind_files(workshop), _kafka_jars(workshop), *_influxd(workshop)]


def _kind_files(workshop: Workshop) -> Step:
    folder = paths.IMAGES / "kubernetes"

    def copy(job: Job, out: Path) -> None:
        where = workshop.go("list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kind", job=job, cwd=folder, keep=False)
        shutil.copytree(Path(where.strip()) / "images" / "base" / "files", out, dirs_exist_ok=True)
        make_readable(out)

    version = workshop.versions.of("kind")
    return workshop.folder_step(
        "kind-files", FETCH, 2, copy, needs=("go", "cluster-tools-modules"), files=(), salt=(version,)
    )


def _kafka_jars(workshop: Workshop) -> Step:
    folder = paths.IMAGES / "kafka"

    def fetch(job: Job, out: Path) -> None:
        libs = out / "libs"
        maven = toolchains.maven(workshop.versions).find() or Path("mvn")
        shell.run(
            [maven, "--batch-mode", "--strict-checksums", "--quiet", MAVEN_COPY, f"-DoutputDirectory={libs}"],
            cwd=folder,
            log=job.log,
            what="maven",
            timeout=shell.FETCH_WITHIN,
        )
        check_sums(libs, folder / "checksums.txt")
        agent = next(libs.glob(f"{AGENT}-*.jar"))
        agent.rename(out / f"{AGENT}.jar")

    files = (folder / "pom.xml", folder / "checksums.txt")
    return workshop.folder_step("kafka-jars", FETCH, 15, fetch, needs=("maven",), files=files, salt=(MAVEN_COPY,))


def check_sums(folder: Path, sums: Path) -> None:
    """Hold the files of a folder to a list in the format of sha256sum.

    Raises:
        PlatformError: a file differs, is missing or is not on the list.
    """
    lines = (line.split() for line in sums.read_text(encoding="utf-8").splitlines() if line.strip())
    expected = {name: digest for digest, name in lines}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise PlatformError(f"not what {sums.name} says: {', '.join(wrong)}", next_step=f"compare with {sums}")


def _influxd(workshop: Workshop) -> list[Step]:
    folder = paths.IMAGES / "influxdb"
    stamp = f"{STRIPPED} -X main.version=v{workshop.versions.of('influxdb')} {STATIC}"

    def build(job: Job, out: Path) -> None:
        tools = job.work / "tools"
        workshop.go("build", "-ldflags", STRIPPED, "-o", f"{tools}/", RUST_FINDER, job=job, cwd=folder)
        env = _rust_environment(job, tools)
        flags = ["-tags", INFLUX_TAGS, "-ldflags", stamp, "-o", f"{out}/"]
        workshop.go("build", *flags, INFLUXD, job=job, cwd=folder, env=env)

    modules = workshop.modules_step("influxd", folder, (RUST_FINDER, INFLUXD), 40)
    needs = ("go", "rust", "c-compiler", modules.name)
    salt = (INFLUXD, INFLUX_TAGS, stamp)
    return [
        modules,
        workshop.folder_step("influxd", COMPILE, 230, build, needs=needs, files=go_files(folder), salt=salt),
    ]


def _rust_environment(job: Job, tools: Path) -> Mapping[str, str]:
    """What makes Go find InfluxDB's Rust library, and build it with the compiler that is there."""
    lenient = tools / "rustc-lenient"
    lenient.write_text(LENIENT_RUSTC, encoding="utf-8")
    lenient.chmod(0o755)
    env = {
        "CGO_ENABLED": "1",
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        "PKG_CONFIG": str(tools / "pkg-config"),
        "RUSTC_WORKSPACE_WRAPPER": str(lenient),
        "CARGO_PROFILE_RELEASE_LTO": "off",  # a tenth of the time, for a smaller program
    }
    rustup = shutil.which("rustup")
    if rustup:  # its library names a toolchain of its own, which rustup would go and fetch
        active = shell.run([rustup, "show", "active-toolchain"], cwd=job.work).split()
        env |= {"RUSTUP_TOOLCHAIN": active[0]} if active else {}
    return env
