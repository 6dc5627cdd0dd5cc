"""Fingerprints of strings of all lengths, as TensorFlow's hash ops find them."""

import pytest

from kerasish.layers.preprocessing.fingerprints import fingerprint64, siphash

LONG = ("abcdefghijklmnopqrstuvwxyz0123456789 äöü" * 9).__getitem__
LENGTHS = [
    *(0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32),
    *(33, 47, 63, 64, 65, 100, 127, 128, 129, 200, 300),
]
BINS = 2**61 - 1
FARM = [
    1936946117179621459,
    1388589064740894184,
    334871249046467434,
    1897425971756105985,
    2035848218575336278,
    2227542566675949840,
    1381636230552599107,
    611922365935987744,
    1469030743107030719,
    2171023947900359596,
    496390783753762012,
    934449955909727258,
    1485818756332027410,
    1969858161345129378,
    1942280996647273663,
    832312603240689622,
    1222558619003219092,
    1493748669710452114,
    1145069895475670477,
    2153590592450642992,
    1936382385276690500,
    2197219588284203234,
    630833522511554593,
]
SIP = [
    2291988384332053683,
    1491911905300426317,
    213786354787687384,
    1713319785453100151,
    553769629994137666,
    907061577897318261,
    256684207415838265,
    484934600108361507,
    2156370730328884537,
    1972532657943397199,
    1022958210552885189,
    1549010649548660284,
]


def text(length):
    return LONG(slice(length)).encode("utf-8")


@pytest.mark.parametrize(("length", "expected"), list(zip(LENGTHS, FARM, strict=True)))
def test_farm_hash(length, expected):
    assert fingerprint64(text(length)) % BINS == expected


@pytest.mark.parametrize(
    ("length", "expected"), list(zip(LENGTHS[:12], SIP, strict=True))
)
def test_sip_hash_with_a_key(length, expected):
    assert siphash(text(length), [3, 2**40 + 5]) % BINS == expected


def test_sip_hash_of_the_paper():
    # appendix A of the paper: key 00..0f, message 00..0e
    key = [int.from_bytes(bytes(range(i, i + 8)), "little") for i in (0, 8)]
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5
