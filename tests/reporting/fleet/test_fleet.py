"""Many pipelines in one run: all are judged at once, none holds up another, and one table says which is not well."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_services.clients.manifests import rendered
from pipeline_services.model.errors import PreconditionNotMet, ServiceUnreachable
from pipeline_services.model.paths import REPOSITORY
from pipeline_services.model.pipeline import OWN, Pipeline
from pipeline_services.reporting.fleet import cli, looking
from pipeline_services.reporting.fleet.looking import AT_ONCE_OF_A_CLUSTER, look_at
from pipeline_services.reporting.fleet.members import Fleet, Member
from pipeline_services.reporting.fleet.page import page
from pipeline_services.reporting.fleet.standing import Standing, verdict
from pipeline_services.reporting.fleet.table import lines, table
from pipeline_services.snapshot.snapshot import Snapshot
from tests.clients.fake_servers import kubeconfig
from tests.judgements.world import healthy
from tests.runs import ROOT
from tests.scale import fleet as fleet_bench

MOST_MB, MOST_S, MANY = 600, 30, 40
MEASURED = """
import resource, sys
from pathlib import Path
from pipeline_services.reporting.fleet.cli import main
code = main(sys.argv[2:])
used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
peak, cpu = max(one.ru_maxrss for one in used), sum(one.ru_utime + one.ru_stime for one in used)
Path(sys.argv[1]).write_text(f"{peak} {cpu}")
sys.exit(code)
"""
"""Its own peak in KiB and its CPU in seconds: all children of the process that runs the tests would be too many."""
MANIFESTS = REPOSITORY / "manifests" / "fleet"


def listed(folder: Path, *members: dict[str, str]) -> Path:
    """A fleet's file with these members."""
    file = folder / "fleet.toml"
    tables = ["\n".join(["[[pipelines]]", *(f'{key} = "{value}"' for key, value in one.items())]) for one in members]
    file.write_text("\n".join(tables))
    return file


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[None]:
    """A cluster whose API server takes connections and says nothing; its kubeconfig is ``silent``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kubeconfig(tmp_path / "silent", server.getsockname()[1])
        yield


def test_each_pipeline_has_its_row_and_the_worst_decides(saved: Path, silent: None) -> None:
    file = listed(
        saved,
        {"name": "a", "snapshot": "well.json"},
        {"name": "b", "snapshot": "ill.json"},
        {"name": "c", "kubeconfig": "silent", "namespace": "x"},
        {"name": "d", "snapshot": "none.json"},
    )
    done: list[str] = []
    rows = look_at(
        Fleet.load(file),
        lambda row, seen: seen.save(saved / "kept" / f"{row.name}.json"),
        lambda row: done.append(row.name),
    )
    assert [(row.name, row.code) for row in rows] == [("a", 0), ("b", 1), ("c", 2), ("d", 4)]
    assert done[-1] == "c"
    assert rows[1].causes[0].startswith("producer: ")
    assert rows[1].parts["producer"]["failed"] > 0
    assert rows[2].error
    assert verdict(rows) == 1
    assert verdict([rows[0], rows[3]]) == 2
    assert verdict([rows[0]]) == 0
    assert [file.name for file in (saved / "kept").iterdir()] == ["b.json"]


def test_a_cluster_that_hangs_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released, snapshot = threading.Event(), healthy().snapshot()

    def look(_: Fleet, member: Member) -> Snapshot:
        if member.context == "hangs" and not released.wait(30):
            raise ServiceUnreachable("nobody let it go")
        return snapshot

    monkeypatch.setattr(looking, "_snapshot", look)
    members = [{"name": f"h{number}", "context": "hangs"} for number in range(AT_ONCE_OF_A_CLUSTER + 5)]
    members += [{"name": f"w{number}", "context": "works"} for number in range(20)]
    done: list[str] = []

    def looked(row: Standing) -> None:
        done.append(row.name)
        if len(done) == 20:
            released.set()

    rows = look_at(Fleet.load(listed(tmp_path, *members)), looked=looked)
    assert {name[0] for name in done[:20]} == {"w"}
    assert {row.code for row in rows} == {0}


def test_of_a_cluster_only_some_are_asked_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, lock, snapshot = [0], [0], threading.Lock(), healthy().snapshot()
    enough = threading.Barrier(AT_ONCE_OF_A_CLUSTER)

    def look(*_: object) -> Snapshot:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        enough.wait(20)
        with lock:
            now[0] -= 1
        return snapshot

    monkeypatch.setattr(looking, "_snapshot", look)
    members = [{"name": f"m{number}", "context": "one"} for number in range(3 * AT_ONCE_OF_A_CLUSTER)]
    look_at(Fleet.load(listed(tmp_path, *members)))
    assert most == [AT_ONCE_OF_A_CLUSTER]


def test_a_defect_of_the_suite_is_no_verdict_on_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> Snapshot:
        raise ZeroDivisionError

    monkeypatch.setattr(looking, "_snapshot", look)
    with pytest.raises(ZeroDivisionError):
        look_at(Fleet.load(listed(tmp_path, {"name": "a"})))


def test_forty_pipelines_are_judged_within_time_and_memory(saved: Path) -> None:
    file = listed(saved, *({"name": f"line-{number}", "snapshot": "well.json"} for number in range(MANY)))
    command = [sys.executable, "-c", MEASURED, str(saved / "used"), "--fleet", str(file), "--reports", str(saved)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    peak, cpu = (saved / "used").read_text().split()
    assert int(peak) / 1024 < MOST_MB
    assert float(cpu) < MOST_S
    assert f"PASSED: of {MANY} pipelines {MANY} healthy" in done.stdout


def test_namespaces_of_one_cluster_are_looked_at_and_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert fleet_bench.main(["--namespaces", "3"]) == 0
    assert capsys.readouterr().out.startswith("3 namespaces: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "fleet has no 'pipelines'"),
        ("pipelines = []", "the fleet has no pipelines"),
        (
            '[[pipelines]]\nname = "a"\ncontxt = "x"',
            "unknown key 'contxt' in fleet.pipelines[0]; did you mean 'context'?",
        ),
        ('[[pipelines]]\ncontext = "x"', "fleet.pipelines[0] has no 'name'"),
        ('[[pipelines]]\nname = "a"\n[[pipelines]]\nname = "a"', "'a' is listed 2 times"),
        ('[[pipelines]]\nname = "a/b"', "'a/b' is no valid name"),
        ('[[pipelines]]\nname = "a"\nsnapshot = "x"\ncontext = "y"', "a has a snapshot and a cluster"),
        ("x = [", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(text)
    with pytest.raises(PreconditionNotMet) as caught:
        Fleet.load(file)
    assert message in caught.value.message
    assert cli.main(["--fleet", str(file)]) == 4
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("REFUSED: ")


def test_a_profile_that_is_wrong_refuses_one_pipeline_and_not_the_fleet(saved: Path) -> None:
    (saved / "bad.toml").write_text("nam = 1")
    one = '[[exemptions]]\ncheck = "test_kafka_topics"\nreason = "x"\nowner = "y"\nuntil = "2027-01-01"\n'
    (saved / "lenient.toml").write_text(f"{OWN.read_text()}\n{one}")
    rows = look_at(
        Fleet.load(
            listed(
                saved,
                {"name": "a", "pipeline": "bad.toml"},
                {"name": "b", "snapshot": "well.json"},
                {"name": "c", "snapshot": "well.json", "pipeline": "lenient.toml"},
            )
        )
    )
    assert [row.code for row in rows] == [4, 0, 4]
    assert "unknown key 'nam'" in rows[0].error
    assert "test_kafka_topic" in rows[2].error


ROWS = [
    Standing("east", "k1, a", 0, {"kafka": {"passed": 3}, "loki": {"passed": 1}}),
    Standing(
        "west", "k1, b", 1, {"kafka": {"passed": 1, "failed": 2}, "hpa": {"passed": 1}}, ("kafka: <is> hung",), ("x",)
    ),
    Standing("north", "k2, c", 2, {"kafka": {"inconclusive": 1}}, (), ("inconclusive kafka test[x]: no answer",)),
    Standing("south", "k3, d", 2, error="the API server does not answer"),
]


def test_the_table_has_the_components_that_are_not_well_everywhere() -> None:
    assert table(ROWS) == [
        "pipeline  verdict       kafka",
        "east      ok            ok",
        "west      FAILED        2 failed",
        "north     INCONCLUSIVE  1 ?",
        "south     INCONCLUSIVE  ?",
        "ok in all: loki, hpa",
    ]


def test_below_it_stands_what_is_wrong_with_each() -> None:
    text = "\n".join(lines(ROWS))
    assert "FAILED  west  (k1, b)\n  kafka: <is> hung" in text
    assert "  inconclusive kafka test[x]: no answer" in text
    assert "  the API server does not answer" in text
    assert text.splitlines()[-1] == "FAILED: of 4 pipelines 1 failed (west), 2 inconclusive (north, south), 1 healthy"


def test_the_page_has_the_table_on_top_and_names_each_that_is_not_well() -> None:
    text = page(ROWS, 1.0)
    assert text.index("<table>") < text.index('<h2 id="west">')
    assert "kafka: &lt;is&gt; hung" in text
    assert '<td class="failed">2 failed</td>' in text
    assert '<h2 id="east">' not in text
    assert "<script" not in text


def test_the_job_has_an_index_for_each_pipeline() -> None:
    objects = {(one["kind"], one["metadata"]["name"]): one for one in rendered(MANIFESTS)}
    spec: dict[str, Any] = objects["Job", "fleet"]["spec"]
    fleet = Fleet.load(MANIFESTS / "files" / "fleet.toml")
    assert (spec["completionMode"], spec["completions"]) == ("Indexed", len(fleet.members))
    assert spec["backoffLimitPerIndex"] == 0
    [container] = spec["template"]["spec"]["containers"]
    assert container["command"][:3] == ["python3", "-m", "pipeline_services.reporting.fleet"]
    options = cli._parser().parse_args(container["command"][3:])
    assert str(options.fleet) == f"{container['volumeMounts'][0]['mountPath']}/fleet.toml"
    assert set(objects["ConfigMap", "fleet"]["data"]) == {"fleet.toml", "kubeconfig"}
    assert {one.namespace for one in fleet.members} == {Pipeline.load().namespace}
