"""The example of docs/deployment.md runs as it is printed."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmscanet.deployment.agreement import torch_predict
from mmscanet.models.detectors import SCANet


def test_the_example_prints_what_the_model_finds(
    repo_root: Path,
    tiny_onnx: Path,
    tiny_model: SCANet,
    photos: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    text = (repo_root / 'docs/deployment.md').read_text()
    (example,) = re.findall(r'^```python\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
    assert 'torch' not in example
    monkeypatch.chdir(tiny_onnx.parent)
    picture = photos[0].transpose(1, 2, 0)
    # Twice as large as the network's input, and without loss.
    picture = cv2.resize(picture, (320, 320), interpolation=cv2.INTER_NEAREST)
    _, png = cv2.imencode('.png', picture[..., ::-1])
    Path('picture.jpg').write_bytes(png)  # OpenCV goes by what is in a file
    exec(example, {})
    lines = capsys.readouterr().out.splitlines()

    (reference,) = torch_predict(tiny_model)(photos[:1])
    seen = reference['scores'] >= 0.5
    assert sum(not line.startswith(' ') for line in lines) == seen.sum() > 0
    boxes = {*reference['box_labels'].tolist()} & {*np.flatnonzero(seen).tolist()}
    assert sum('in [' in line for line in lines) == len(boxes) > 0
