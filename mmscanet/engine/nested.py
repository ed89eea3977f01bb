"""Walks over nested dicts, lists and tuples, as configs are."""

from collections.abc import Collection, Iterator
from typing import Any


def nested_items(node: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Yield what is inside nested dicts, lists and tuples, each with its dotted key.

    Outermost first, ``node`` itself under ``key``.
    """
    yield key, node
    if isinstance(node, dict):
        children = list(node.items())
    elif isinstance(node, (list, tuple)):
        children = list(enumerate(node))
    else:
        return
    for name, child in children:
        yield from nested_items(child, f'{key}.{name}' if key else str(name))


def nested_dicts(node: Any) -> Iterator[dict]:
    """Yield every dict inside nested dicts, lists and tuples, outermost first."""
    return (each for _, each in nested_items(node) if isinstance(each, dict))


def without_keys(node: Any, names: Collection[str]) -> Any:
    """Copy nested dicts, lists and tuples less some keys; tuples become lists."""
    if isinstance(node, dict):
        return {k: without_keys(v, names) for k, v in node.items() if k not in names}
    if isinstance(node, (list, tuple)):
        return [without_keys(child, names) for child in node]
    return node
