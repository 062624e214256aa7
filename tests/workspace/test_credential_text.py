"""Credentials that nobody declared are found by what stands around them, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.workspace.credential_text import hide_in_data, hide_in_text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PASSWORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("GET https://ada:hunter2@shop.test/pay failed", "GET https://***@shop.test/pay failed"),
        ("https://ada:p@ss@shop.test", "https://***@shop.test"),
        ("clone https://ghp_abc@github.test/x", "clone https://***@github.test/x"),
        ("postgresql+psycopg://o:hunter2@db/outrider", "postgresql+psycopg://***@db/outrider"),
        ("http:\\/\\/ada:hunter2@shop.test", "http:\\/\\/***@shop.test"),
        ("/pay?token=abc&x=1", "/pay?token=***&x=1"),
        ("#access_token=abc", "#access_token=***"),
        ("?api_key=abc;apikey=d&api-key=e", "?api_key=***;apikey=***&api-key=***"),
        ("?X-Amz-Signature=abc&sig=def", "?X-Amz-Signature=***&sig=***"),
        ("next=%2Fpay%3Ftoken%3Dabc%26x%3D1", "next=%2Fpay%3Ftoken%3D***%26x%3D1"),
        ("user[password]=hunter2&user[name]=ada", "user[password]=***&user[name]=ada"),
        ("client_secret=abc csrfToken=def newPassword2=ghi", "client_secret=*** csrfToken=*** newPassword2=***"),
        ("Authorization: Basic YWRhOmh1\nHost: shop.test", "Authorization: ***\nHost: shop.test"),
        ("< set-cookie: sid=1; Path=/", "< set-cookie: ***"),
        ('Cookie: a="b"; c=d', "Cookie: ***"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("with Bearer abcdefgh1234 sent", "with Bearer *** sent"),
        (f"the token was {JWT}.", "the token was ***."),
        ('{"password": "hun\\"ter2", "user": "ada"}', '{"password": "***", "user": "ada"}'),
        ('{"pin": 1234, "count": 5}', '{"pin": "***", "count": 5}'),
        ("{'api_key': 'abc', 'x': 1}", "{'api_key': '***', 'x': 1}"),
        ("[(b'authorization', b'Basic abc')]", "[(b'authorization', b'***')]"),
        ('auth.password = "hunter2" is refused', 'auth.password = "***" is refused'),
        ("password='hunter2'", "password='***'"),
        ("db_password = hunter2, user = ada", "db_password = ***, user = ada"),
        ("login failed, token: a1b2c3d4", "login failed, token: ***"),
        ('{"source": "secret = \\"hunter\\";"}', '{"source": "secret = \\"***\\";"}'),
        ("<wsse:Password>hunter2</wsse:Password>", "<wsse:Password>***</wsse:Password>"),
        (f"BEGIN RSA PRIVATE KEY-----\n{'MIIE' * 9}\n-----END RSA", "BEGIN RSA PRIVATE KEY-----***-----END RSA"),
        ('{"name": "cookie", "value": "sid=1"}', '{"name": "cookie", "value": "***"}'),
        ('<Password Type="x">hunter</Password>', '<Password Type="x">***</Password>'),
        ("<password><![CDATA[hunter]]></password>", "<password><![CDATA[***]]></password>"),
        ("&lt;password&gt;hunter&lt;/password&gt;", "&lt;password&gt;***&lt;/password&gt;"),
        ('<input name="csrf_token" value="hunter">', '<input name="csrf_token" value="***">'),
        ('<add value="hunter" key="password"/>', '<add value="***" key="password"/>'),
        ('<meta name="csrf-token" content="hunter">', '<meta name="csrf-token" content="***">'),
        ('<param name="api_key">hunter</param>', '<param name="api_key">***</param>'),
        ('{"value": "hunter", "name": "password"}', '{"value": "***", "name": "password"}'),
        ('{"passwords": ["hunter", "other"]}', '{"passwords": ["***"]}'),
        ('{"password": {"value": "hunter"}}', '{"password": {"value": "***"}}'),
        ('{"password": "hunter, cut off', '{"password": "***'),
        ("&quot;password&quot;:&quot;hunter&quot;", "&quot;password&quot;:&quot;***&quot;"),
        ("{password: 'hunter'}", "{password: '***'}"),
        ('login(password: \\"hunter\\") { id }', 'login(password: \\"***\\") { id }'),
        ("user: ada\npassword: hunter\nx: y", "user: ada\npassword: ***\nx: y"),
        ("password: |\n  hunter\n  two\nx: y", "password: |\n***\nx: y"),
        ("password:\n  hunter\nx: y", "password:\n  ***\nx: y"),
        ("[db]\npassword = hunter\n", "[db]\npassword = ***\n"),
        ('password = """hunter\ntwo"""', 'password = """***"""'),
        ("X-Vault-Token: hunter\r\nA: b", "X-Vault-Token: ***\r\nA: b"),
        ("curl -H 'X-Vault-Token: hunter' x", "curl -H 'X-Vault-Token: ***' x"),
        ('; name="password"\r\n\r\nhunter\r\n--b', '; name="password"\r\n\r\nhunter\r\n--b'),
        ('form-data; name="password"\r\n\r\nhunter\r\n--b', 'form-data; name="password"\r\n\r\n***\r\n--b'),
        ("user%5Bpassword%5D=hunter", "user%5Bpassword%5D=***"),
        ("tool --password hunter -v", "tool --password *** -v"),
        ("curl -u ada:hunter https://shop.test", "curl -u ada:*** https://shop.test"),
        ("machine h login ada password hunter", "machine h login ada password ***"),
        ("map[password:hunter user:ada]", "map[password:*** user:ada]"),
        ("auth=('ada', 'hunter')", "auth=('ada', '***')"),
        ('setItem("token", "hunter")', 'setItem("token", "***")'),
        ('get_by_label("Password").fill("hun ter")', 'get_by_label("Password").fill("***")'),
        ('locator("#password").nth(0).fill(value="hunter")', 'locator("#password").nth(0).fill(value="***")'),
        ('fill("[name=\'password\']", "hunter")', 'fill("[name=\'password\']", "***")'),
        ('expect(locator("#password")).to_have_value("a b")', 'expect(locator("#password")).to_have_value("***")'),
        ("selector='#password'>\nvalue = 'hun ter', force", "selector='#password'>\nvalue = '***', force"),
        (
            "selector = 'internal:label=\"Password\"i', value = 'hunter'",
            "selector = 'internal:label=\"Password\"i', value = '***'",
        ),
        ("(key='authorization', value='Basic hunter')", "(key='authorization', value='***')"),
        ("ALTER USER a PASSWORD 'hunter'", "ALTER USER a PASSWORD '***'"),
        ("IDENTIFIED BY 'hunter'", "IDENTIFIED BY '***'"),
        ("Key (token)=(hunter) already exists.", "Key (token)=(***) already exists."),
        ("AUTH hunter", "AUTH ***"),
        ("a1 LOGIN ada hunter", "a1 LOGIN ada ***"),
        ("USER ada\r\nPASS hunter\r\n", "USER ada\r\nPASS ***\r\n"),
        ("sent Basic YWRhOmh1bnRlcg== to it", "sent Basic *** to it"),
        ("Bearer abcdefghijklmnopqrstuvwxyz", "Bearer ***"),
        ("next=https%3A%2F%2Fada%3Ahunter%40h%2F", "next=https%3A%2F%2F***%40h%2F"),
        ("postgresql://ada:a/hunter@db/x", "postgresql://***@db/x"),
        ("ada:hunter@tcp(db:3306)/x", "ada:***@tcp(db:3306)/x"),
        ("ghp_abcdefghijklmnopqrst1234", "ghp_***"),
        ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/***"),
        ("/callback?code=abcdefghijklmnopqrstuvwx", "/callback?code=***"),
        ("smtp_pass=hunter dbPass=other kennwort=x", "smtp_pass=*** dbPass=*** kennwort=***"),
    ],
)
def test_what_lets_a_reader_act_as_the_user_is_hidden(text: str, hidden: str) -> None:
    """Once is enough, names stay, and so does everything around."""
    assert hide_in_text(text) == hidden
    assert hide_in_text(hidden) is hidden


@pytest.mark.parametrize(
    "text",
    [
        "Unexpected token: }", 'fill getByLabel("Password")', 'locator("input[name=password]")', "Invalid password",
        "mail ada@shop.test", "https://social.test/@ada", "git@github.test:ada/x", '{"max_tokens": 5}', "5 tokens: 7",
        '{"kind": "token"}', '["password", "Password again"]', "keyboard: pressed Enter", '{"key": "pay"}',
        "bearer authentication is needed", "sign=1&design=2&shopping=3", "password: at least 8 characters",
        'write token = "${NIGHTLY_TOKEN}"', "password = required", "primary key = 12345678", "</password><b>x</b>",
        'Unexpected token: "<"', "Unexpected token '<', \"<!DOCTYPE\"", "password: required",
        '("password", "too short")',
        'fetch(url, {credentials: "same-origin"})', "password: proxy.password\n", "token:\n  type: string\n",
        '<label for="password">Your password</label>', '<a name="token">Docs</a>', "AUTH ${REDIS_PASSWORD}", "bypass=1",
        "basic authentication", "Basic knowledge", "docker -u 1000:1000", "class Token:\n    x = 1", "auth failed",
        "{SHOP_PASSWORD:-}", "gpio_pin=4", "PASS src/shop.test.ts", "key exchange: X25519", "LOGIN failed for ada",
        f"BEGIN PUBLIC KEY-----\n{'MIIE' * 9}\n-----END PUBLIC", '{"passed": "yes", "author": "ada"}', "",
    ],
)  # fmt: skip
def test_ordinary_text_stays(text: str) -> None:
    """The very same object."""
    assert hide_in_text(text) is text


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@given(password=PASSWORDS, rest=st.text(max_size=10))
def test_json_within_json_stays_valid_and_holds_no_password(depth: int, password: str, rest: str) -> None:
    """However deep it lies: a body is a text of JSON in a line of JSON of a trace."""
    document = {"user": rest, "password": password, "pin": 1234, "after": rest}
    text = json.dumps(document, ensure_ascii=False)
    for _ in range(depth):
        text = json.dumps(text)

    shown = hide_in_data(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")

    value = json.loads(shown)
    for _ in range(depth):
        value = json.loads(value)
    assert value == {**json.loads(json.dumps(document)), "password": "***", "pin": "***"}


@given(st.text(st.characters(codec=None)) | st.text(alphabet="password=:'\"\\/@ token{},*"))
def test_any_text_is_hidden_in_once(text: str) -> None:
    """A second time changes nothing, so that what passes twice is the same."""
    once = hide_in_text(text)

    assert hide_in_text(once) == once
