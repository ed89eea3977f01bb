"""What is read of a run's logs; tests of the rest are with analyze_logs."""

from pathlib import Path

from mmscanet.engine.run_log import training_records


def test_training_is_read_over_its_resumptions(tmp_path: Path):
    for name, text in (
        ('20250102_000000', '{"loss": 1.0, "time": 2}\n{"mAP": 9.0, "time": 7}\n'),
        ('20250101_000000', '{"loss": 3.0, "time": 1}\n{"loss": 2.0, "ti'),
        ('20250103_000000', ''),  # nothing was left to do
    ):
        folder = tmp_path / name / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text(text)
        (folder / f'{name}.json').write_text(text)  # mmengine writes all twice
    assert [each['loss'] for each in training_records(tmp_path)] == [3.0, 1.0]
    assert training_records(tmp_path / 'nothing') == []
