"""What people see of names that were chosen to be seen as something else."""

import os

from mmscanet.terminal import printable


def test_terminals_are_not_told_what_to_do() -> None:
    assert printable('a\n\x1b[2J\u2028.jpg') == 'a\\n\\x1b[2J\\u2028.jpg'
    assert printable('gpj.\u202egnp') == 'gpj.\\u202egnp'
    assert printable(os.fsdecode(b'\xff.jpg')) == '\ufffd.jpg'


def test_letters_and_spaces_of_all_languages_stay() -> None:
    name = 'ü 日本\u3000語 3.14\u202fPM \N{MAN}\u200d\N{GIRL} א.jpg'
    assert printable(name) == name
