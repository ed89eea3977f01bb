"""Text that a terminal only shows."""

import unicodedata

# Ends of lines and pages, and what else a terminal obeys.
_CONTROLS = ('Cc', 'Zl', 'Zp')
# What turns the text after it around, to look like another name.
_TURNS = ('LRE', 'RLE', 'LRO', 'RLO', 'PDF', 'LRI', 'RLI', 'FSI', 'PDI')


def printable(text: str) -> str:
    """Return text, such as the name of a file, as one harmless line.

    What is not UTF-8 in it stands as replacement characters, and what a terminal would
    obey as a backslash and its code.
    """
    text = text.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')
    return ''.join(map(_show, text))


def _show(character: str) -> str:
    is_control = unicodedata.category(character) in _CONTROLS
    if is_control or unicodedata.bidirectional(character) in _TURNS:
        return character.encode('unicode_escape').decode()
    return character
