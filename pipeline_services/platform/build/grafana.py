"""Grafana's server from its Go module: a generated file is missing in it, so it is generated in a copy."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Final

from pipeline_services.clients import shell
from pipeline_services.model import paths
from pipeline_services.model.failures import PlatformError
from pipeline_services.platform.build import toolchains
from pipeline_services.platform.build.compile import GO_ENVIRONMENT, STATIC, STRIPPED, Workshop, go_files, make_readable
from pipeline_services.platform.build.graph import COMPILE, FETCH, Job, Step

TREES: Final = ("pkg", "kinds", "packages", "public", "conf", "cue.mod", "emails")
FILES: Final = ("embed.go",)
HOME: Final = ("conf", "public/app", "public/views", "public/img", "public/emails")
MAIN: Final = "./pkg/cmd/grafana"
# Its database is SQLite, which is C.
TAGS: Final = "osusergo,netgo,sqlite_omit_load_extension"
WIRE: Final = "github.com/google/wire/cmd/wire"
RECIPE: Final = paths.IMAGES / "grafana"


def steps(workshop: Workshop) -> list[Step]:
    """The source with the generated file in it, then the server and its home folder."""
    component = workshop.versions.components["grafana"]
    module = f"{component.module}@{component.locked_version}"
    locks = (*go_files(RECIPE), RECIPE / "source" / "module.sum")

    def build(job: Job, out: Path) -> None:
        source = workshop.output("grafana-source", job.inputs["grafana-source"])
        flags = ["-tags", TAGS, "-ldflags", f"{STRIPPED} -X main.version={component.version} {STATIC}"]
        workshop.go("build", *flags, "-o", f"{out}/", MAIN, job=job, cwd=source, env={"CGO_ENABLED": "1"})
        for name in HOME:
            if (source / name).is_dir():
                shutil.copytree(source / name, out / "home" / name)

    return [
        workshop.folder_step(
            "grafana-source",
            FETCH,
            90,
            lambda job, out: _generate(workshop, module, job, out),
            needs=("go",),
            files=locks,
            salt=(module, *TREES, *FILES),
        ),
        workshop.folder_step(
            "grafana-server",
            COMPILE,
            180,
            build,
            needs=("go", "c-compiler", "grafana-source"),
            files=(),
            salt=(STRIPPED, TAGS, STATIC, *HOME),
        ),
    ]


def _generate(workshop: Workshop, module: str, job: Job, out: Path) -> None:
    """Copy the module's tree, complete its locks, and let wire write what the module leaves out."""
    found = json.loads(workshop.go("mod", "download", "-json", module, job=job, cwd=RECIPE / "wire", keep=False))
    locked = (RECIPE / "source" / "module.sum").read_text(encoding="utf-8").strip()
    if found["Sum"] != locked:
        raise PlatformError(f"{module} is not what module.sum says, but {found['Sum']}")
    for name in TREES:
        shutil.copytree(Path(found["Dir"]) / name, out / name)
    for file in (*(Path(found["Dir"]) / name for name in FILES), *(RECIPE / "source").iterdir()):
        shutil.copyfile(file, out / file.name)
    make_readable(out)
    workshop.go("build", "-o", f"{job.work}/", WIRE, job=job, cwd=RECIPE / "wire")
    go = toolchains.go_program(workshop.cache, workshop.versions)
    search = f"{go.parent if go else ''}{os.pathsep}{os.environ.get('PATH', '')}"
    shell.run(
        [job.work / "wire", "gen", "-tags", "oss", "./pkg/server"],
        cwd=out,
        log=job.log,
        env={**GO_ENVIRONMENT, "CGO_ENABLED": "0", "PATH": search},
        what="wire",
    )
