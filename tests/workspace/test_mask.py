"""Hiding secrets in whatever a run leaves behind."""

import base64
import html
import io
import json
import quopri
import re
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.model import ArtifactFile, ArtifactKind, Measurement, Outcome, OutriderError, Sample
from outrider.workspace import Mask, Redactor, Secret, file_masks
from outrider.workspace import mask as mask_module
from outrider.workspace.file_masks import mask_document, redact_archive, redact_file
from outrider.workspace.secrets import Secrets

AWKWARD = "p@ß w&\"ö\\rd'/<+>%1\n😀"

SECRETS = st.one_of(
    st.sampled_from([AWKWARD, "hunter2hunter2", "\\\\\\\\", '""""', "%%%%", "aaaa", 'a\\b"c', "1234567890"]),
    st.text(alphabet="abXYZ019-_.~!@#$%^&()+=[]{}|\\:;\"'<>,?/ \n\tßé€😀", min_size=4, max_size=16),
    st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=4, max_size=12),
)

ENCODERS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "json as it is": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "json in json": lambda secret: json.dumps(json.dumps(secret))[1:-1],
    "json in json in json": lambda secret: json.dumps(json.dumps(json.dumps(secret)))[1:-1],
    "quote": quote,
    "quote everything": lambda secret: quote(secret, safe=""),
    "quote in lower case": lambda secret: re.sub("%..", lambda code: code[0].lower(), quote(secret, safe="")),
    "quote_plus": quote_plus,
    "quote twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "encodeURIComponent": lambda secret: quote(secret, safe="!'()*~"),
    "encodeURI": lambda secret: quote(secret, safe="!'()*~;,/?:@&=+$#"),
    "form": lambda secret: urlencode({"": secret})[1:],
    "json in a query": lambda secret: quote(json.dumps(secret)[1:-1], safe=""),
    "html": html.escape,
    "html without quotes": lambda secret: html.escape(secret, quote=False),
    "html twice": lambda secret: html.escape(html.escape(secret)),
    "html in decimal": lambda secret: "".join(c if c.isascii() and c.isalnum() else f"&#{ord(c)};" for c in secret),
    "html in hexadecimal": lambda secret: "".join(
        c if c.isascii() and c.isalnum() else f"&#x{ord(c):X};" for c in secret
    ),
    "html in json": lambda secret: json.dumps(html.escape(secret))[1:-1],
    "hex": lambda secret: secret.encode().hex(),
    "hex in capitals": lambda secret: secret.encode().hex().upper(),
    "every character in json": lambda secret: re.sub("(....)", r"\\u\1", secret.encode("utf-16-be").hex()),
    "every byte in python": lambda secret: "".join(f"\\x{byte:02x}" for byte in secret.encode()),
    "every byte in a url": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "every byte in a url, twice": lambda secret: "".join(f"%25{byte:02x}" for byte in secret.encode()),
    "every character in html": lambda secret: "".join(f"&#{ord(character)};" for character in secret),
    "every character in html, hexadecimal": lambda secret: "".join(f"&#x{ord(character):x};" for character in secret),
    "quoted-printable": lambda secret: quopri.encodestring(secret.encode(), quotetabs=True).decode().replace("=\n", ""),
    "quoted-printable, broken": lambda secret: "=\r\n".join(
        quopri.encodestring(character.encode(), quotetabs=True).decode() for character in secret
    ),
}

BYTE_ENCODERS: dict[str, Callable[[str], bytes]] = {
    "utf-16 little endian": lambda secret: secret.encode("utf-16-le"),
    "utf-16 big endian": lambda secret: secret.encode("utf-16-be"),
    "utf-8": str.encode,
}


@pytest.mark.slow
@pytest.mark.parametrize("form", ENCODERS)
@settings(max_examples=20)
@given(secret=SECRETS)
def test_every_textual_form_is_hidden(form: str, secret: str) -> None:
    """Text before and after survives; the secret does not, in text or in bytes."""
    encoded = ENCODERS[form](secret)
    mask = Mask([secret])

    text = mask.text(f"<<{encoded}>>")

    assert mask.text(text) is text
    assert "***" in text
    assert encoded not in text
    assert mask.data(f"<<{encoded}>>".encode()) == text.encode()


@pytest.mark.parametrize("form", BYTE_ENCODERS)
@settings(max_examples=20)
@given(secret=SECRETS)
def test_forms_of_bytes_are_hidden(form: str, secret: str) -> None:
    """UTF-16 too, which Windows programs write."""
    encoded = BYTE_ENCODERS[form](secret)

    data = Mask([secret]).data(b"\xff\xfe" + encoded + b"\x00\x01")

    assert encoded not in data
    assert data.startswith(b"\xff")


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("form", ["raw", "json", "json as it is", "quote_plus"])
@settings(max_examples=20)
@given(secret=SECRETS, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_base64_is_hidden_at_every_alignment(
    encode: Callable[[bytes], bytes], form: str, secret: str, before: bytes, after: bytes
) -> None:
    """What stands before shifts the digits; all three shifts are found, in either alphabet."""
    plain = ENCODERS[form](secret).encode()

    encoded = encode(before + plain + after)

    assert "***" in Mask([secret]).text(encoded.decode())
    assert b"***" in Mask([secret]).data(encoded)


def test_a_password_in_a_basic_authorization_header_is_hidden() -> None:
    """The header joins it to the user's name."""
    header = "Basic " + base64.b64encode(b"shop-user:correct-horse").decode()

    masked = Mask(["correct-horse"]).text(header)

    assert b"correct" not in base64.b64decode(masked.removeprefix("Basic ").split("***")[0] + "==")
    assert masked.startswith("Basic c2hvcC11c2VyO")


@pytest.mark.parametrize(
    ("secrets", "text", "masked"),
    [
        (["password", "password123"], "password123 password", "*** ***"),
        (["abcdef", "defghi"], "abcdefghi", "***"),
        (["abcdef", "cdef"], "xabcdefx", "x***x"),
        (["abcd"], "abcdabcd", "******"),
        (["abc"], "abc", "abc"),
        (["a b c"], "q=a+b+c&r=a%20b%20c", "q=***&r=***"),
        (["a&b&"], "a&amp;b&amp; a&b&", "*** ***"),
        (['say"it'], '{"k": "say\\"it"}', '{"k": "***"}'),
        (["line one is long enough\nx"], "only: line one is long enough", "only: ***"),
        ([], "nothing", "nothing"),
    ],
)
def test_longer_secrets_come_first_and_overlaps_are_hidden_together(secrets: list[str], text: str, masked: str) -> None:
    """No rest of a longer secret is left beside the cover of a shorter one."""
    assert Mask(secrets).text(text) == masked
    assert Mask(secrets).data(text.encode()) == masked.encode()


def test_a_mask_learns_what_was_typed() -> None:
    """Learning makes another mask; short words are not worth hiding."""
    mask = Mask.of(Secrets({"A": Secret("declared")}), ["typed once"])

    wiser = mask.learn("typed twice", "abc")

    assert wiser.text("declared, typed once, typed twice, abc") == "***, ***, ***, abc"
    assert mask.text("typed twice") == "typed twice"
    assert wiser.learn("abc", "declared") is wiser


def test_latin_1_bytes_are_hidden() -> None:
    """Old pages are not UTF-8."""
    assert Mask(["pässwörd"]).data("x pässwörd".encode("latin-1")) == b"x ***"


def test_half_a_surrogate_pair_is_a_character_like_others() -> None:
    """JavaScript hands such texts out."""
    mask = Mask(["ab\ud800cd"])

    assert mask.text("x ab\ud800cd") == "x ***"
    assert mask_document(b'{"a": "ab\\ud800cd"}', mask) == b'{"a": "***"}'


@pytest.mark.parametrize("nothing", [Mask(), Mask(["absent secret"])])
def test_what_holds_no_secret_is_returned_as_it_is(nothing: Mask) -> None:
    """The same object, so that callers can see that nothing was done."""
    text, data = "some text", b"some data"

    assert nothing.text(text) is text
    assert nothing.data(data) is data
    assert mask_document(data, nothing) is data


def test_runs_of_backslashes_are_searched_in_bounded_time() -> None:
    """A secret of backslashes and quotes against a page of them is no exponential puzzle."""
    mask = Mask(["\\" * 12 + "x", '\\"' * 8, "'\"/" * 5, "%" * 10 + "z"])

    masked = mask.text("\\" * 5_000 + '"' * 5_000 + "%25" * 5_000 + "'\"/" * 3)

    assert masked


def _split(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*(piece for piece in pieces if piece), data]


class _Pieces(io.RawIOBase):
    """A reader that gives out exactly these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def read(self, size: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


@given(
    secrets=st.lists(SECRETS, min_size=1, max_size=3),
    noise=st.lists(st.binary(max_size=20), min_size=1, max_size=5),
    encoders=st.lists(st.sampled_from(sorted(ENCODERS)), min_size=1, max_size=5),
    sizes=st.lists(st.integers(1, 40), max_size=12),
)
def test_a_stream_is_masked_as_its_whole_would_be(
    secrets: list[str], noise: list[bytes], encoders: list[str], sizes: list[int]
) -> None:
    """A secret across the border of two pieces, or of several, is caught."""
    mask = Mask(secrets)
    data = b"".join(
        piece + ENCODERS[encoder](secrets[index % len(secrets)]).encode()
        for index, (piece, encoder) in enumerate(zip(noise, encoders, strict=False))
    )
    written = io.BytesIO()

    result = mask.stream(_Pieces(_split(data, sizes)), written)  # type: ignore[arg-type]  # enough of a reader

    assert written.getvalue() == mask.data(data)
    assert result


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_a_stream_without_secrets_is_copied(size: int) -> None:
    """Byte for byte, whatever its length."""
    data = b"x" * size
    written = io.BytesIO()

    result = Mask(["a secret"]).stream(io.BytesIO(data), written)

    assert (result, written.getvalue()) == (False, data)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), SECRETS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (key, *_texts(inner))]
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list) else []


@pytest.mark.slow
@given(value=_JSON, secrets=st.lists(SECRETS, min_size=1, max_size=2), ascii_only=st.booleans())
def test_json_stays_json(value: object, secrets: list[str], ascii_only: bool) -> None:
    """Whatever the secret, the document parses and no text in it holds the secret."""
    document = json.dumps({"first": secrets[0], "value": value}, ensure_ascii=ascii_only)
    mask = Mask(secrets)

    masked = json.loads(mask_document(document.encode(errors="surrogatepass"), mask))

    assert not [text for text in _texts(masked) for secret in secrets if secret in text]


@pytest.mark.parametrize(
    ("secret", "document", "masked"),
    [
        ("true", '{"a": true, "b": "true"}', '{"a": true, "b": "***"}'),
        ("1234", '{"at": 171234.5, "pin": 1234}', '{"at": 171234.5, "pin": "***"}'),
        ("98765432", '{"card": 119876543211}', '{"card": "***"}'),
        ("n123", '{"a": "x\\n123", "b": "n123"}', '{"a": "x\\n123", "b": "***"}'),
        ("key-of-it", '{"key-of-it": 1}', '{"***": 1}'),
        ("hunter2", '{"a":"hunter2"}\n{"a":"\u2028 hunter2"}\n', '{"a":"***"}\n{"a":"\\u2028 ***"}\n'),
        ("hunter2", '{"a":"hunter2"}\n{"a":"hunter2', '{"a":"***"}\n{"a":"***'),
        ("hunter2", '\n{"a":"hunter2"}\n\n[1]\n', '\n{"a":"***"}\n\n[1]\n'),
        ("hunter2", "not json: hunter2\n{}", "not json: ***\n{}"),
        ("1234", "1234\nlog line", "***\nlog line"),
    ],
)
def test_json_is_masked_by_its_tokens(secret: str, document: str, masked: str) -> None:
    """Words and longer numbers of the format itself are not the secret; lines that are broken are plain text."""
    assert mask_document(document.encode(), Mask([secret])).decode() == masked


def _archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_every_entry_of_an_archive_is_masked(tmp_path: Path) -> None:
    """Lines of JSON stay valid, bytes are covered, everything else is as it was."""
    path = _archive(
        tmp_path / "trace.zip",
        trace=b'{"params": {"value": "hun\\"ter2"}}\n{"at": 1}\n',
        binary=b"\x00\xff" + b'hun"ter2'.decode().encode("utf-16-le"),
        untouched=b"PNG\x00" * 100,
    )
    path.chmod(0o640)

    changed = redact_archive(path, Mask(['hun"ter2']))

    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["trace", "binary", "untouched"]
        assert archive.read("trace") == b'{"params": {"value": "***"}}\n{"at": 1}\n'
        assert archive.read("binary") == b"\x00\xff" + "***".encode("utf-16-le")
        assert archive.read("untouched") == b"PNG\x00" * 100
        assert archive.getinfo("trace").compress_type == zipfile.ZIP_DEFLATED
    assert changed
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mask", [Mask(), Mask(["absent secret"])])
def test_files_without_secrets_are_not_rewritten(tmp_path: Path, mask: Mask) -> None:
    """Same inode, same bytes."""
    archive = _archive(tmp_path / "trace.zip", trace=b"nothing here")
    text = tmp_path / "log.txt"
    text.write_text("nothing here")
    before = [(path.stat().st_ino, path.read_bytes()) for path in (archive, text)]

    changed = [redact_file(archive, mask), redact_archive(archive, mask), redact_file(text, mask)]

    assert changed == [False, False, False]
    assert [(path.stat().st_ino, path.read_bytes()) for path in (archive, text)] == before


@pytest.mark.parametrize("limit", [1 << 20, 8])
def test_a_file_is_masked_by_its_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Archives whatever they are called, and files too big for memory by streaming."""
    monkeypatch.setattr(file_masks, "_IN_MEMORY_BYTES", limit)
    monkeypatch.setattr(mask_module, "_CHUNK_BYTES", 5)
    archive = _archive(tmp_path / "no-extension", a=b'{"a": "hunter2"}', b=b"long enough to be big")
    text = tmp_path / "log.txt"
    text.write_text("some lines\nhunter2\n")

    changed = [redact_file(path, Mask(["hunter2"])) for path in (archive, text)]

    assert changed == [True, True]
    assert text.read_text() == "some lines\n***\n"
    with zipfile.ZipFile(archive) as opened:
        assert (opened.read("a"), opened.read("b")) == (b'{"a": "***"}', b"long enough to be big")


def test_a_broken_archive_is_refused_and_left(tmp_path: Path) -> None:
    """What cannot be masked must not be kept, and the caller is told so."""
    path = _archive(tmp_path / "trace.zip", trace=b"hunter2" * 100)
    path.write_bytes(path.read_bytes()[:60])

    with pytest.raises(OutriderError) as caught:
        redact_file(path, Mask(["hunter2"]))

    assert caught.value.slug == "unreadable-archive"
    assert list(tmp_path.iterdir()) == [path]


def test_a_measurement_says_what_redaction_left_out(tmp_path: Path) -> None:
    """A file that cannot be masked is not kept, and two samples may become one."""
    broken = tmp_path / "trace.zip"
    broken.write_bytes(_archive(tmp_path / "whole.zip", trace=b"hunter2" * 100).read_bytes()[:60])
    samples = (Sample("pay hunter2", "duration_ms", 1.0), Sample("pay ***", "duration_ms", 2.0))
    artifact = ArtifactFile(ArtifactKind.TRACE, "trace.zip", "application/zip", broken)
    measurement = Measurement(Outcome.PASSED, "", 0, 1.0, samples=samples, artifacts=(artifact,), omitted=("3 errors",))

    redacted = Redactor(Mask(["hunter2"])).measurement(measurement)

    assert (redacted.artifacts, len(redacted.samples)) == ((), 1)
    assert redacted.omitted == (
        "3 errors",
        "trace.zip: cannot be read, so its secrets cannot be hidden",
        "1 samples whose names are alike once secrets are masked",
    )
