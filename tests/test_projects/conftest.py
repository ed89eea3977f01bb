"""What the tests of all peers do with a tiny version of their config."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mmscanet.apis import SCANetInferencer
from mmscanet.evaluation import ScoreTable


@pytest.fixture
def train_and_label(
    run_tool: Callable[..., None], tmp_path: Path
) -> Callable[[Path], tuple[ScoreTable, list[dict]]]:
    """Train, measure and label the measured pictures, as a user does.

    Returns the scores that ``tools/test.py --out`` wrote and the predictions of
    ``SCANetInferencer`` at a threshold of 0, in the order of the scores' rows.
    """

    def run(config: Path) -> tuple[ScoreTable, list[dict]]:
        run_tool('train', config, '--work-dir', tmp_path)
        log = next(tmp_path.glob('*/*.log')).read_text()
        assert 'Frozen stage: backbone' in log
        assert 'Joint stage from epoch 2 on' in log
        first, last = (
            torch.load(tmp_path / f'epoch_{i}.pth', weights_only=False)['state_dict']
            for i in (1, 2)
        )
        assert all(torch.isfinite(value).all() for value in last.values())
        weights = [key for key in last if key.endswith(('weight', 'bias'))]
        assert not any(torch.equal(first[key], last[key]) for key in weights)

        checkpoint, out = tmp_path / 'epoch_2.pth', tmp_path / 'scores.npz'
        run_tool('test', config, checkpoint, '--work-dir', tmp_path, '--out', out)
        table = ScoreTable.load(out)
        assert table.pred_object_score is table.pred_context_score is None

        # Config and class names come from the checkpoint.
        inferencer = SCANetInferencer(
            weights=checkpoint, device='cpu', show_progress=False
        )
        pictures = config.parent / 'data/val'
        predictions = inferencer(str(pictures), threshold=0)['predictions']
        assert len(predictions) == len(table.img_id) == 4
        scores = [
            [by_label[str(name)] for name in table.classes]
            for by_label in (
                {label['label']: label['score'] for label in prediction['labels']}
                for prediction in predictions
            )
        ]
        assert np.allclose(scores, table.pred_score, atol=1e-5)
        for label in (each for p in predictions for each in p['labels']):
            assert label['object_score'] is label['context_score'] is None
            assert label['context_only'] is False
        return table, predictions

    return run
