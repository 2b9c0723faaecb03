from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.positions import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Mapping,
    Plain,
    Scalar,
    content,
    dotted,
    find,
    read,
    written,
)


def mistakes(text: str | bytes) -> list[str]:
    document = read(text.encode() if isinstance(text, str) else text)
    return [f"{m.line}:{m.column}: {m.key}: {m.text}" for m in document.mistakes]


def root(text: str) -> Mapping:
    document = read(text.encode())
    assert document.root is not None
    assert document.mistakes == ()
    return document.root


def test_every_node_remembers_where_it_stood() -> None:
    node = root("a: 1\nb:\n  - x\n  - c: y\n")
    found = find(node, ("b", 1, "c"))
    assert found.whole
    assert found.node == Scalar(4, 8, "y", plain=True)
    assert found.key == Scalar(4, 5, "c", plain=True)


def test_a_path_that_ends_early_gives_the_deepest_key_there_is() -> None:
    found = find(root("a:\n  b: 1\n"), ("a", "c", "d"))
    assert not found.whole
    assert found.key == Scalar(1, 1, "a", plain=True)


@pytest.mark.parametrize("text", ["no", "on", "0212", "1e3", "12:30", "0x1f", "2024-01-01", "=", "<<"])
def test_a_scalar_stays_the_text_it_was(text: str) -> None:
    assert content(root(f"a: {text}\n")) == {"a": text}


def test_quotes_tell_text_from_what_may_be_a_number_or_nothing() -> None:
    values = content(root("a: 1\nb: '1'\nc: ~\nd: '~'\ne:\nf: ''\n"))
    assert isinstance(values, dict)
    assert values == {"a": "1", "b": "1", "c": None, "d": "~", "e": None, "f": ""}
    assert isinstance(values["a"], Plain)
    assert not isinstance(values["b"], Plain)


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1: a", "given twice; line 1"),
        ("x:\n  a: 1\n  a: 2\n", "3:3: x.a", "given twice; line 2"),
        ("x: [{a: 1, 'a': 2}]\n", "1:12: x[0].a", "given twice; line 1"),
        ("a: &x 1\n", "1:4: a", "anchors"),
        ("a: *x\n", "1:4: a", "aliases"),
        ("a: !!python/object:os.system x\n", "1:4: a", "tags"),
        ("a: !x 1\n", "1:4: a", "tags"),
        ("a: 1\n---\nb: 2\n", "2:1: ", "second document"),
        ("? [a]\n: 1\n", "1:3: ", "a key is one word"),
        ("- a\n- b\n", "1:1: ", "a list"),
        ("hello\n", "1:1: ", "one text"),
        ("listen:8080\n", "1:1: ", "one text"),
        ("", "1:1: ", "empty"),
        ("# only a comment\n", "1:1: ", "empty"),
        ("---\n...\n", "1:1: ", "empty"),
        ("a:\n\tb: 1\n", "2:1: ", "a tab"),
        ("a: b: c\n", "1:5: ", "a colon"),
        ("a: 'x\nb: 1\n", "1:4: ", "never closed"),
        ("a: @x\n", "1:4: ", "quotes"),
        ("a: [::1]:80\n", "1:5: ", "quotes"),
        ("a: 1\nb\nc: 1\n", "2:1: ", "colon"),
        ('a: "x\\ty"\n', "1:4: a", "control character"),
        ('a: "\\ud800"\n', "1:4: a", "control character"),
        ("a: |\n  x\n  y\n", "1:4: a", "line break"),
        ("a: 1\nb: \x00\n", "2:4: ", "control character"),
        ('a: "\\U00110000"\n', "1:1: ", "not YAML"),
        ("%YAML 1." + "9" * 5000 + "\n---\na: 1\n", "1:1: ", "not YAML"),
    ],
)
def test_what_a_configuration_does_not_need_is_refused_where_it_stands(
    text: str, place: str, part: str
) -> None:
    (mistake,) = mistakes(text)
    assert mistake.startswith(place)
    assert part in mistake


def test_the_rest_of_a_file_is_still_read_after_a_key_given_twice() -> None:
    document = read(b"a: 1\na: 2\nb: 3\n")
    assert document.root is not None
    assert content(document.root) == {"a": "1", "b": "3"}


def test_bytes_that_are_not_utf_8_are_answered_with_their_place() -> None:
    assert mistakes(b"a: 1\nb: \xff\n") == ["2:4: : not UTF-8 text; save the file as UTF-8"]
    assert "UTF-8" in mistakes("a: 1\n".encode("utf-16"))[0]


def test_a_byte_order_mark_is_nothing() -> None:
    assert content(read(b"\xef\xbb\xbfa: 1\n").root or root("x: x\n")) == {"a": "1"}


def test_a_file_past_the_size_is_not_even_parsed() -> None:
    assert "larger than 256 KiB" in mistakes(b"#" * (MAX_BYTES + 1))[0]
    assert "empty" in mistakes(b"#" * MAX_BYTES)[0]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_is_bounded(opening: str) -> None:
    assert any(f"nested deeper than {MAX_DEPTH}" in said for said in mistakes("a:\n  " + opening * 5000))


def test_the_number_of_values_is_bounded() -> None:
    assert f"more than {MAX_NODES} values" in mistakes("a: [" + "1," * MAX_NODES + "]\n")[0]
    assert mistakes("a: [" + "1," * 8000 + "]\n") == []


def test_laughs_by_the_billion_stop_at_the_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in ("ab", "bc", "cd"))
    (mistake,) = mistakes(bomb)
    assert mistake.startswith("1:4: a: anchors")


def test_paths_are_written_as_people_write_them() -> None:
    assert dotted(("relays", 2)) == "relays[2]"
    assert dotted(("chat", "channel")) == "chat.channel"
    assert dotted(()) == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_a_document_or_at_least_one_mistake(data: bytes) -> None:
    document = read(data)
    assert (document.root is not None) or document.mistakes


@given(st.text(alphabet="ab01:-[]{}&*!|>'\"%#,? \n\t\\~U\ud7ff\x85\u2028", max_size=120))
def test_any_text_of_yaml_s_own_signs_does_too(text: str) -> None:
    document = read(text.encode())
    assert (document.root is not None) or document.mistakes
    assert all("\n" not in m.text and m.line >= 0 for m in document.mistakes)


def test_of_two_places_the_one_that_is_written_down_is_named() -> None:
    root = read(b"a: 1\nb: {c: 2}\n").root
    assert root is not None
    assert written(root, ("a",), ("b", "c")) == ("a",)
    assert written(root, ("x",), ("b", "c")) == ("b", "c")
    assert written(root, ("x",), ("y",)) == ("x",)
