from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.proof import Trust, prove
from maild.mail import Address, Proof

ANN = Address("ann@example.com", "Ann Lee")
RELAYED = Trust(relays=("192.0.2.1", "10.0.0.0/8"), authserv_ids=("mx.desk.example",), peer="192.0.2.1", mailbox="")
FETCHED = Trust(relays=(), authserv_ids=("mx.desk.example",), peer="", mailbox="support")

HOP = (
    "Received",
    "from mail.example.com (mail.example.com [198.51.100.7]) by mx.desk.example; Mon, 2 Mar 2026 10:00:00 +0000",
)
EARLIER = ("Received", "from laptop ([203.0.113.9]) by mail.example.com; Mon, 2 Mar 2026 09:59:58 +0000")
WRITTEN = [("From", "Ann Lee <ann@example.com>"), ("To", "support@desk.example"), ("Subject", "Re: [#1042] Invoice")]

PASS = "mx.desk.example; dmarc=pass header.from=example.com"


def results(value: str) -> tuple[str, str]:
    return ("Authentication-Results", value)


def relayed(*values: str, author: Address = ANN) -> Proof:
    """A mail of one relay of ours that writes its results right under its Received."""
    return prove([HOP, *map(results, values), EARLIER, *WRITTEN], author, RELAYED)


def fetched(*values: str) -> Proof:
    """A mail of a mailbox whose server writes its results on top."""
    return prove([("Return-Path", "<ann@example.com>"), *map(results, values), HOP, EARLIER, *WRITTEN], ANN, FETCHED)


GOOD = [
    "mx.desk.example; dmarc=pass header.from=example.com",
    "MX.Desk.Example; dmarc=pass header.from=EXAMPLE.com",
    "mx.desk.example 1; dmarc=pass header.from=example.com",
    '"mx.desk.example"; dmarc=pass header.from="example.com"',
    "mx.desk.example (our own) ; dmarc = pass (p=none dis=none) header.from=example.com",
    "mx.desk.example;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com",
    'mx.desk.example; dkim=pass header.d=example.com header.a=rsa-sha256 header.s=s1 header.b="aB/c+d=="',
    "mx.desk.example; dkim=pass header.d=example.com; dkim=fail header.d=list.example",
    "mx.desk.example; dkim=pass header.i=@mail.example.com; spf=fail smtp.mailfrom=bounce.example",
    "mx.desk.example; dkim=pass header.d=example.com; dmarc=none header.from=example.com",
    "mx.desk.example; dmarc=pass action=none header.from=example.com; compauth=pass reason=100",
    "mx.desk.example; spf=pass smtp.mailfrom=ann@example.com; dmarc=pass; iprev=pass policy.iprev=2001:db8::1",
    "mx.desk.example; dkim/1=pass header.d=example.com",
    "mx.desk.example; dkim=pass header.d=example.com; arc=pass (i=1 dmarc=fail header.from=example.com)",
]


@pytest.mark.parametrize("value", GOOD)
def test_an_honest_server_proves_the_address(value: str) -> None:
    assert relayed(value).proven
    assert fetched(value).proven


ATTACKS = {
    "no result": "mx.desk.example; none",
    "only a name": "mx.desk.example",
    "spf is no proof of From": "mx.desk.example; spf=pass smtp.mailfrom=ann@example.com",
    "fails": "mx.desk.example; dmarc=fail header.from=example.com",
    "fails, though signed": "mx.desk.example; dmarc=fail header.from=example.com; dkim=pass header.d=example.com",
    "no verdict": "mx.desk.example; dmarc=temperror header.from=example.com; dkim=pass header.d=example.com",
    "an unknown verdict": "mx.desk.example; dmarc=passed header.from=example.com",
    "another domain": "mx.desk.example; dmarc=pass header.from=evil.example",
    "a domain that ends alike": "mx.desk.example; dkim=pass header.d=evilexample.com",
    "a domain that begins alike": "mx.desk.example; dkim=pass header.d=example.com.evil.net",
    "a bare suffix": "mx.desk.example; dkim=pass header.d=com",
    "an empty domain": "mx.desk.example; dkim=pass header.d=",
    "an address where a domain stands": "mx.desk.example; dmarc=pass header.from=example.com@evil.net",
    "no signer": "mx.desk.example; dkim=pass",
    "identity outside of the domain": "mx.desk.example; dkim=pass header.d=evil.net header.i=@example.com",
    "two domains": "mx.desk.example; dkim=pass header.d=example.com header.d=evil.net",
    "two From domains": "mx.desk.example; dmarc=pass header.from=example.com header.from=evil.net",
    "quoted From domain in the middle": 'mx.desk.example; dmarc=pass header.from="evil net" policy.p=none',
    "in a comment": "mx.desk.example; dmarc=fail (dmarc=pass header.from=example.com) header.from=example.com",
    "after a nested comment": "mx.desk.example; spf=none (a (b) ; dmarc=pass header.from=example.com)",
    "in a quoted string": 'mx.desk.example; spf=fail reason="x; dmarc=pass header.from=example.com"',
    "a quote that a backslash guards": 'mx.desk.example; spf=fail reason="\\"; dmarc=pass header.from=example.com; x"',
    "a comment that does not close": "mx.desk.example; spf=pass (oops; dmarc=pass header.from=example.com",
    "a comment closed twice": "mx.desk.example; dkim=pass (x) header.d=example.com) header.d=evil.net",
    "a quote that does not close": 'mx.desk.example; dmarc=pass header.from=example.com; spf="oops',
    "a bracket that a backslash guards": "mx.desk.example; dkim=fail (a\\) dkim=pass header.d=example.com",
    "property of another result": "mx.desk.example; dkim=pass header.d=evil.net; dkim=fail header.d=example.com",
    "domain of an spf result": "mx.desk.example; dkim=pass; spf=pass header.d=example.com",
    "property without a result": "mx.desk.example; dkim=pass header.s=x y header.d=example.com",
    "result within a result": "mx.desk.example; dkim=fail dkim=pass header.d=example.com",
    "worse result of a signer": "mx.desk.example; dkim=pass header.d=example.com; dkim=fail header.d=example.com",
    "version of the future": "mx.desk.example 2; dmarc=pass header.from=example.com",
    "words after the name": "mx.desk.example x=y dmarc=pass; dmarc=pass header.from=example.com",
    "method of the future": "mx.desk.example; dmarc/2=pass header.from=example.com",
    "a NUL": "mx.desk.example; dmarc=pass header.from=example.com\x00.evil.net",
    "a line end in a name": "mx.desk.example; dmarc=pass header.from=evil.net\r\n example.com",
    "a letter that looks alike": "mx.desk.example; dmarc=pass header.from=ex\u0430mple.com",
    "an upper case sign": "mx.desk.example; dmarc=pass header.from=example.com\u3002evil.net",
    "mended property": "mx.desk.example; dkim=pass (\x80 header.d=example.com) header.d=evil.net",
    "far too many brackets": "mx.desk.example; dmarc=pass " + "(" * 5000 + ")" * 5000 + " header.from=example.com",
    "far too long": "mx.desk.example; dmarc=pass header.from=example.com; " + "x=y " * 10_000,
    "far too many results": "mx.desk.example; dmarc=pass header.from=example.com" + "; spf=pass" * 500,
    "a result without a method": "mx.desk.example; =pass; dmarc=pass header.from=example.com",
    "an address in the signer": "mx.desk.example; dkim=pass header.d=x@evil.net",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_words_that_a_sender_could_slip_in_prove_nothing(attack: str) -> None:
    for proof in (relayed(ATTACKS[attack]), fetched(ATTACKS[attack])):
        assert not proof.proven, proof
        assert proof.seen
        assert proof.because


@pytest.mark.parametrize(
    "value",
    [
        "mx.evil.example; dmarc=pass header.from=example.com",
        "mx.desk.example.evil.net; dmarc=pass header.from=example.com",
        "evil.mx.desk.example; dmarc=pass header.from=example.com",
        "mx.desk.example.; dmarc=pass header.from=example.com",
        "(mx.desk.example; dmarc=pass header.from=example.com)",
        "spf=pass smtp.mailfrom=example.com; dmarc=pass action=none header.from=example.com",
        "",
        ";",
        '"mx.desk.example; dmarc=pass header.from=example.com"',
    ],
)
def test_a_field_that_does_not_bear_our_name_is_not_seen(value: str) -> None:
    assert not relayed(value).seen
    assert not fetched(value).seen


@pytest.mark.parametrize("worse", ["dmarc=fail header.from=example.com", "dmarc=none", "dmarc=permerror", "dmarc=~"])
def test_the_worst_of_all_our_fields_wins_in_any_order(worse: str) -> None:
    assert not relayed(PASS, f"mx.desk.example; {worse}").proven
    assert not relayed(f"mx.desk.example; {worse}", PASS).proven


def test_a_field_of_ours_that_cannot_be_read_spoils_the_others() -> None:
    assert not relayed(PASS, "mx.desk.example; (").proven
    assert not relayed(PASS, "mx.desk.example; ???").proven


def test_a_field_of_a_stranger_spoils_nothing() -> None:
    assert relayed("mx.evil.example; dmarc=fail header.from=example.com", PASS).proven


# Where a field stands


def test_a_field_further_down_in_the_mail_is_the_senders() -> None:
    below = [HOP, EARLIER, results(PASS), *WRITTEN]
    assert not prove(below, ANN, RELAYED).seen
    assert not prove(below, ANN, FETCHED).seen
    assert not prove([HOP, *WRITTEN, results(PASS)], ANN, RELAYED).seen


def test_a_mailbox_believes_only_what_stands_over_its_first_received() -> None:
    assert prove([results(PASS), HOP, *WRITTEN], ANN, FETCHED).proven
    assert not prove([HOP, results(PASS), EARLIER, *WRITTEN], ANN, FETCHED).seen
    assert not prove([results(PASS), *WRITTEN], ANN, FETCHED).seen


def test_a_relay_that_writes_on_top_is_not_overruled_by_what_the_sender_put_beneath() -> None:
    forged = [results("mx.desk.example; dkim=none"), HOP, results(PASS), *WRITTEN]
    assert not prove(forged, ANN, RELAYED).proven
    spoiled = [results(PASS), HOP, results("mx.desk.example; dmarc=fail"), *WRITTEN]
    assert prove(spoiled, ANN, RELAYED).proven


def test_only_a_trusted_peer_is_believed() -> None:
    fields = [HOP, results(PASS), EARLIER, *WRITTEN]
    strange = Trust(RELAYED.relays, RELAYED.authserv_ids, peer="198.51.100.7", mailbox="")
    proof = prove(fields, ANN, strange)
    assert not proof.seen
    assert "198.51.100.7" in proof.because
    for peer in ("10.1.2.3", "::ffff:192.0.2.1"):
        assert prove(fields, ANN, Trust(RELAYED.relays, RELAYED.authserv_ids, peer=peer, mailbox="")).proven
    for peer in ("not an address", "", "192.0.2.11"):
        assert not prove(fields, ANN, Trust(RELAYED.relays, RELAYED.authserv_ids, peer=peer, mailbox="")).seen


def test_a_network_with_a_slip_in_it_trusts_nobody() -> None:
    trust = Trust(("mail.example.com", "300.1.1.1", ""), ("mx.desk.example",), peer="192.0.2.1", mailbox="")
    assert not prove([HOP, results(PASS), *WRITTEN], ANN, trust).seen


def test_more_hops_of_ours_can_be_named() -> None:
    inner = ("Received", "from mx.desk.example by store.desk.example; Mon, 2 Mar 2026 10:00:01 +0000")
    trust = Trust((), ("mx.desk.example",), peer="", mailbox="support", hops=2)
    assert prove([inner, HOP, results(PASS), EARLIER, *WRITTEN], ANN, trust).proven
    assert not prove([inner, HOP, EARLIER, results(PASS), *WRITTEN], ANN, trust).seen
    assert not prove([HOP, results(PASS), *WRITTEN], ANN, trust).seen


def test_without_a_name_to_believe_nothing_is_seen_and_the_reason_says_so() -> None:
    proof = prove([HOP, results(PASS), *WRITTEN], ANN, Trust(("192.0.2.1",), (), peer="192.0.2.1", mailbox=""))
    assert not proof.seen
    assert "authserv_id" in proof.because


# Whose address


@pytest.mark.parametrize(
    "spec",
    [
        *("", "ann", "ann@", "@example.com", "ann@com", "ann@corp)b@example.com", "ann@evil.net@example.com"),
        *("ann @example.com", "ann\x00@example.com", '"ann@evil.net"@example.com', "ann@exam ple.com"),
        *("ann@[192.0.2.1]", "ann,eve@example.com", "<ann@example.com", "ann@-.com"),
    ],
)
def test_an_odd_address_is_never_proven(spec: str) -> None:
    assert not relayed(PASS, author=Address(spec)).proven


def test_two_from_fields_are_never_proven() -> None:
    fields = [HOP, results(PASS), EARLIER, ("From", "Eve <eve@evil.net>"), *WRITTEN]
    assert not prove(fields, ANN, RELAYED).proven
    assert not prove([HOP, results(PASS), EARLIER], ANN, RELAYED).proven


def test_a_domain_in_letters_of_its_own_is_compared_in_its_ascii_form() -> None:
    luc = Address("luc@exämple.com")
    assert relayed("mx.desk.example; dmarc=pass header.from=xn--exmple-cua.com", author=luc).proven
    assert not relayed(PASS, author=luc).proven


@pytest.mark.parametrize(
    "field", ["dmarc=pass header.from=", "dkim=pass header.i=@", "dkim=pass header.s=s1 header.d="]
)
def test_what_a_server_says_of_one_domain_proves_no_other(field: str) -> None:
    for said in ("example.com", "a.example", "example.com.a.example", "xa.example"):
        for domain in ("example.com", "a.example"):
            proof = relayed(f"mx.desk.example; {field}{said}", author=Address(f"ann@{domain}"))
            aligned = field.startswith("dkim") and said.endswith(f".{domain}")
            assert proof.proven is (said == domain or aligned)


@given(st.text(st.sampled_from('();"\\=. \t\r\nadkimrcpsx.') | st.characters(), max_size=200))
def test_any_value_is_read_and_noise_proves_nothing(noise: str) -> None:
    assert not relayed(f"mx.desk.example; {noise}").proven


@given(st.text(max_size=40), st.text(max_size=40))
def test_noise_around_a_failure_proves_nothing(before: str, after: str) -> None:
    value = f"mx.desk.example; spf=pass ({before}) smtp.mailfrom={after}; dmarc=fail header.from=example.com"
    assert not relayed(value).proven


@pytest.mark.timeout(10)
def test_a_huge_field_is_read_in_bounded_time() -> None:
    assert not relayed("mx.desk.example; dkim=pass " + "header.x=y " * 100_000).proven
    assert not relayed(*(["mx.desk.example; dkim=pass " + "header.x=y " * 700] * 19)).proven
