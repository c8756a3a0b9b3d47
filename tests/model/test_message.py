"""A reading survives the wire exactly, and nothing else passes for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_services.model.message import MAX_EVENT_TIME_NS, MAX_SEQUENCE, MalformedReading, Reading, decode, encode

identifiers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True)
readings = st.builds(
    Reading,
    identifiers,
    identifiers,
    st.integers(0, MAX_SEQUENCE),
    st.integers(0, MAX_EVENT_TIME_NS),
    st.floats(allow_nan=False, allow_infinity=False),
)
SOME = Reading("life-1", "conveyor-03", 42, 1_795_416_432_000_000_001, 1.5273)
some_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode(SOME)) | fields).encode()


def reason_of(raw: bytes | None) -> str:
    with pytest.raises(MalformedReading) as caught:
        decode(raw)
    assert str(caught.value) == f"{caught.value.reason}: {caught.value.detail}"
    return caught.value.reason


@given(readings)
def test_what_was_encoded_is_decoded(reading: Reading) -> None:
    again = decode(encode(reading))
    assert again == reading
    assert repr(again.value) == repr(reading.value)  # -0.0 too
    assert again.checksum() == reading.checksum()


@given(readings)
@settings(max_examples=30)
def test_the_wire_is_plain_json(reading: Reading) -> None:
    fields = json.loads(encode(reading))
    assert list(fields) == ["producer_id", "device_id", "sequence", "event_time_ns", "value", "checksum"]
    assert decode(json.dumps(fields, indent=2).encode()) == reading


@given(st.binary(max_size=50))
def test_any_bytes_are_a_reading_or_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedReading):
        decode(raw)


@given(st.sampled_from(["producer_id", "device_id", "sequence", "event_time_ns", "value", "checksum"]), some_json)
def test_any_other_field_is_malformed(name: str, value: object) -> None:
    if value == json.loads(encode(SOME))[name]:
        return
    with pytest.raises(MalformedReading):
        decode(changed(**{name: value}))


@given(st.integers(0, len(encode(SOME)) - 1), st.integers(1, 255))
def test_an_altered_byte_never_passes_for_another_reading(place: int, flip: int) -> None:
    raw = bytearray(encode(SOME))
    raw[place] ^= flip
    try:
        decoded = decode(bytes(raw))
    except MalformedReading:
        return
    assert decoded == SOME  # white space, or a number in another notation


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(None, "empty", id="tombstone"),
        pytest.param(b"", "empty", id="no bytes"),
        pytest.param(b"garbage", "not-json", id="garbage"),
        pytest.param(b"\xff\xfe{}", "not-json", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "not-json", id="nested too deep"),
        pytest.param(b"[1]", "not-an-object", id="array"),
        pytest.param(b"{}", "missing-field", id="no fields"),
        pytest.param(changed(sequence="42"), "wrong-type", id="sequence as text"),
        pytest.param(changed(sequence=True), "wrong-type", id="sequence as bool"),
        pytest.param(changed(sequence=42.0), "wrong-type", id="sequence as float"),
        pytest.param(changed(sequence=-1), "out-of-range", id="sequence below 0"),
        pytest.param(changed(event_time_ns=2**63), "out-of-range", id="time beyond 64 bits"),
        pytest.param(changed(event_time_ns=None), "wrong-type", id="no time"),
        pytest.param(changed(value="1.5"), "wrong-type", id="value as text"),
        pytest.param(changed(value=float("nan")), "out-of-range", id="value NaN"),
        pytest.param(changed(value=float("inf")), "out-of-range", id="value infinite"),
        pytest.param(changed(value=2**60), "wrong-type", id="integer no float can hold"),
        pytest.param(changed(device_id=7), "wrong-type", id="device as number"),
        pytest.param(changed(device_id="a b"), "bad-identifier", id="device that needs escaping"),
        pytest.param(changed(device_id=""), "bad-identifier", id="device without a name"),
        pytest.param(changed(producer_id="x" * 65), "bad-identifier", id="producer too long"),
        pytest.param(changed(producer_id="a\n"), "bad-identifier", id="producer with a line break"),
        pytest.param(changed(value=1.5274), "bad-checksum", id="altered value"),
        pytest.param(changed(sequence=43), "bad-checksum", id="altered sequence"),
        pytest.param(changed(checksum=float(SOME.checksum())), "bad-checksum", id="checksum as float"),
        pytest.param(changed(checksum=None), "bad-checksum", id="no checksum"),
    ],
)
def test_malformed(raw: bytes | None, reason: str) -> None:
    assert reason_of(raw) == reason


def test_a_whole_number_is_a_value() -> None:
    whole = replace(SOME, value=2.0)
    assert decode(json.dumps(json.loads(encode(whole)) | {"value": 2}).encode()) == whole


def test_further_fields_are_allowed() -> None:
    assert decode(changed(unit="m/s")) == SOME


@pytest.mark.parametrize(
    "bad", [{"value": float("nan")}, {"sequence": -1}, {"device_id": 'a"b'}, {"event_time_ns": 2**63}], ids=str
)
def test_nothing_is_sent_that_would_be_refused(bad: dict[str, object]) -> None:
    with pytest.raises(MalformedReading):
        encode(replace(SOME, **bad))  # type: ignore[arg-type]
