"""Commands of ``python -m mmscanet`` that are not scripts of ``tools/``."""
