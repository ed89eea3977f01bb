"""A frozen backbone is computed once for each image."""

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmscanet.engine.feature_cache import FeatureCache, pixels_digest, weights_digest
from mmscanet.engine.hooks import FeatureCacheHook
from mmscanet.errors import OutputError
from mmscanet.evaluation import ScoreTable

IMAGES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class TwoLevels(nn.Module):
    """A backbone that counts the images it is given."""

    def __init__(self, stride=1, out_indices=(0, 1)):
        super().__init__()
        self.out_indices = out_indices
        self.first = nn.Conv2d(3, 4, 3, stride)
        self.second = nn.Conv2d(4, 5, 3)
        self.seen = 0
        self.scale = 1.0

    def forward(self, images):
        self.seen += len(images)
        fine = self.scale * self.first(images)
        levels = fine, self.second(fine)
        return tuple(levels[index] for index in self.out_indices)


@pytest.fixture
def frozen():
    torch.manual_seed(0)
    return TwoLevels().eval().requires_grad_(False)


@pytest.fixture
def cache(frozen, tmp_path):
    return FeatureCache(frozen, tmp_path)


def test_an_image_is_computed_once_whatever_batch_it_is_in(frozen, cache):
    expected = frozen(IMAGES)
    assert cache.open() and frozen.seen == 3
    first = frozen(IMAGES[:2])
    again = frozen(IMAGES[[2, 1]])
    assert frozen.seen == 3 + 2 + 1
    assert (cache.read, cache.written) == (1, 3)
    for level in (0, 1):
        assert torch.equal(again[level][1], first[level][1])
        together = torch.stack([first[level][0], again[level][1], again[level][0]])
        assert torch.allclose(together, expected[level], rtol=1e-3, atol=1e-6)
        assert together.dtype == torch.float32


def test_a_flip_is_another_image(frozen, cache):
    cache.open()
    plain, flipped = frozen(IMAGES)[1], frozen(IMAGES.flip(3))[1]
    assert frozen.seen == 6
    assert not torch.allclose(plain, flipped)


def test_other_weights_and_other_layers_are_not_answered_for(frozen, cache, tmp_path):
    cache.open()
    old = frozen(IMAGES)
    frozen.first.weight.add_(0.1)
    cache.open()
    assert not torch.equal(frozen(IMAGES)[0], old[0])
    strided = TwoLevels(stride=2).eval().requires_grad_(False)
    strided.load_state_dict(frozen.state_dict())
    assert weights_digest(strided) != weights_digest(frozen)
    scaled = copy.deepcopy(frozen)
    scaled.scale = 0.5
    assert weights_digest(scaled) != weights_digest(frozen)
    assert weights_digest(copy.deepcopy(frozen)) == weights_digest(frozen)


def test_other_levels_are_not_answered_for(frozen, tmp_path):
    FeatureCache(frozen, tmp_path).open()
    frozen(IMAGES)
    coarse = TwoLevels(out_indices=(1,)).eval().requires_grad_(False)
    coarse.load_state_dict(frozen.state_dict())
    expected = coarse(IMAGES)
    FeatureCache(coarse, tmp_path).open()
    for _ in range(2):
        (level,) = coarse(IMAGES)
        assert torch.allclose(level, expected[0], rtol=1e-3, atol=1e-6)


def test_what_half_precision_cannot_hold_is_not_kept(frozen, cache, tmp_path):
    frozen.first.bias[0] = 1e5
    expected = frozen(IMAGES)
    cache.open()
    for _ in range(2):
        assert all(map(torch.equal, frozen(IMAGES), expected))
    assert (cache.read, cache.written) == (0, 0) and not list(tmp_path.iterdir())


def test_a_backbone_in_training_is_left_alone(frozen, cache, tmp_path):
    frozen.requires_grad_(True)
    assert not cache.open()
    assert frozen(IMAGES)[1].requires_grad
    # Statistics of the batch: the features of an image are not its own.
    frozen.requires_grad_(False)
    assert cache.open()
    frozen.train()
    frozen(IMAGES)
    assert frozen.seen == 6 and not list(tmp_path.iterdir())


def test_known_weights_are_served_though_they_could_be_trained(frozen, cache):
    """As in a test: there nothing is frozen, and nothing is trained."""
    cache.open()
    frozen(IMAGES)
    cache.close()
    frozen(IMAGES)
    assert frozen.seen == 6
    frozen.requires_grad_(True)
    assert cache.open()
    frozen(IMAGES)
    assert frozen.seen == 6
    assert not cache.open(training=True)


def test_what_hooks_put_into_the_backbone_is_not_kept(frozen, cache):
    frozen.first.register_forward_hook(lambda module, args, output: output + 1)
    assert not cache.open()


def test_a_damaged_file_is_made_anew(frozen, cache, tmp_path):
    cache.open()
    before = frozen(IMAGES)
    for file in tmp_path.glob('*/*'):
        file.write_bytes(file.read_bytes()[:100])
    after = frozen(IMAGES)
    assert frozen.seen == 6
    assert all(map(torch.equal, before, after))
    frozen(IMAGES)
    assert frozen.seen == 6


def test_memory_format_is_the_images(frozen, cache):
    images = IMAGES.contiguous(memory_format=torch.channels_last)
    cache.open()
    for _ in range(2):
        for level in frozen(images):
            assert level.is_contiguous(memory_format=torch.channels_last)


def test_autocast_gives_the_same_type_read_or_computed(frozen, cache):
    cache.open()
    with torch.autocast('cpu', torch.bfloat16):
        first, again = frozen(IMAGES[:2]), frozen(IMAGES)
    for one, two in zip(first, again, strict=True):
        assert one.dtype == two.dtype == IMAGES.dtype
        assert torch.equal(one, two[:2])


def test_precision_is_part_of_the_key():
    plain = pixels_digest(IMAGES[0])
    with torch.autocast('cpu', torch.bfloat16):
        assert pixels_digest(IMAGES[0]) != plain
    assert pixels_digest(IMAGES[0].reshape(3, 4, 16)) != plain
    assert pixels_digest(IMAGES[0].clone()) == plain


def test_without_a_folder_nothing_changes(frozen):
    runner = SimpleNamespace(model=SimpleNamespace(backbone=frozen))
    FeatureCacheHook().before_run(runner)
    assert 'forward' not in vars(frozen)


def test_a_folder_that_cannot_be_written_is_named(frozen, tmp_path):
    (tmp_path / 'file').write_text('')
    runner = SimpleNamespace(model=SimpleNamespace(backbone=frozen))
    with pytest.raises(OutputError, match='cannot write to .*file/cache'):
        FeatureCacheHook(str(tmp_path / 'file/cache')).before_run(runner)


def test_a_run_reads_in_its_frozen_stage_and_its_test(tiny_config, run_tool, tmp_path):
    """The second epoch is joint; a test of the first one's weights reads again."""
    folder, scores = tmp_path / 'features', {}
    options = ['--cfg-options', f'default_hooks.feature_cache.folder={folder}']
    options += ['train_pipeline.3.prob=0.0']
    options += ['train_dataloader.dataset.pipeline.3.prob=0.0']
    run_tool('train', tiny_config, '--work-dir', tmp_path, *options)
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert log.count('Feature maps of the backbone: kept') == 2
    assert 'Feature maps of 0 images read, of 12 written' in log
    assert 'Feature maps of 0 images read, of 4 written' in log
    assert len(list(folder.glob('*/*'))) == 16
    for name, more in dict(cached=options, plain=[]).items():
        out, work_dir = tmp_path / f'{name}.npz', tmp_path / name
        run_tool(
            *('test', tiny_config, tmp_path / 'epoch_1.pth', '--work-dir', work_dir),
            *('--out', out, *more),
        )
        text = next(work_dir.glob('*/*.log')).read_text()
        assert ('of 4 images read, of 0 written' in text) == (name == 'cached')
        scores[name] = torch.tensor(ScoreTable.load(out).pred_score)
    assert torch.allclose(scores['cached'], scores['plain'], rtol=0.01)
