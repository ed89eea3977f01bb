"""Writing ContextShapes to disk, once, in COCO's format."""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from mmscanet.errors import ConfigError, UnreadableDataError, explain_failed_output

from .scene import CLASSES, SMALLEST_SIZE, SceneObject, compose, render

#: Raised whenever the same specification would give other pixels or labels.
GENERATOR_VERSION = 1
SPLITS = ('train', 'val')
_SPEC_FILE = 'spec.json'


@dataclass(frozen=True)
class ContextShapesSpec:
    """All that decides the data set's content.

    Attributes:
        seed: of the random numbers; image i of a split has its own stream, so that
            asking for more images leaves the first ones as they are.
        size: width and height of the images in pixels.
        train: number of training images.
        val: number of validation images.

    Raises:
        ConfigError: One of them is no whole number, or too small.
    """

    seed: int = 0
    size: int = 160
    train: int = 600
    val: int = 300

    def __post_init__(self) -> None:
        least = dict(seed=0, size=SMALLEST_SIZE, train=1, val=1)
        for name, number in asdict(self).items():
            if not isinstance(number, int) or number < least[name]:
                raise ConfigError(
                    f'ContextShapes: spec.{name} must be a whole number of at least '
                    f'{least[name]}, not {number!r}'
                )


def annotation_file(root: Path, split: str) -> Path:
    """The COCO JSON of a split."""
    return root / 'annotations' / f'{split}.json'


def make_image(
    spec: ContextShapesSpec, split: str, index: int
) -> tuple[np.ndarray, list[SceneObject]]:
    """Draw one image.

    Returns:
        (size, size, 3) uint8, BGR, and the objects in it.
    """
    rng = np.random.default_rng([spec.seed, SPLITS.index(split), index])
    scene = compose(rng, spec.size)
    return render(rng, scene, spec.size), scene


def _annotations(
    scene: list[SceneObject], image_id: int, first_id: int
) -> list[dict[str, object]]:
    return [
        dict(
            id=first_id + position,
            image_id=image_id,
            category_id=CLASSES.index(item.label) + 1,
            bbox=list(item.box),
            area=item.box[2] * item.box[3],
            iscrowd=0,
            **({} if item.partner is None else dict(partner=first_id + item.partner)),
        )
        for position, item in enumerate(scene)
    ]


def _write_split(root: Path, spec: ContextShapesSpec, split: str) -> None:
    images: list[dict] = []
    annotations: list[dict] = []
    (root / split).mkdir()
    for index in range(getattr(spec, split)):
        pixels, scene = make_image(spec, split, index)
        name = f'{index:06d}.png'
        if not cv2.imwrite(str(root / split / name), pixels):
            raise OSError(f'{name} could not be written')
        images.append(
            dict(id=index + 1, file_name=name, width=spec.size, height=spec.size)
        )
        annotations += _annotations(scene, index + 1, len(annotations) + 1)
    content = dict(
        info=dict(
            description='ContextShapes', version=GENERATOR_VERSION, **asdict(spec)
        ),
        images=images,
        annotations=annotations,
        categories=[dict(id=i + 1, name=name) for i, name in enumerate(CLASSES)],
    )
    annotation_file(root, split).write_text(json.dumps(content))


def _fingerprint(root: Path, spec: ContextShapesSpec) -> dict[str, object]:
    """What the stored description of an intact folder says."""
    digests = {
        split: hashlib.sha256(annotation_file(root, split).read_bytes()).hexdigest()
        for split in SPLITS
    }
    return dict(version=GENERATOR_VERSION, **asdict(spec), sha256=digests)


def generate(root: Path, spec: ContextShapesSpec) -> None:
    """Write the images and annotations into an existing, empty folder."""
    (root / 'annotations').mkdir()
    for split in SPLITS:
        _write_split(root, spec, split)
    description = json.dumps(_fingerprint(root, spec), indent=2)
    (root / _SPEC_FILE).write_text(description + '\n')


def verify(root: Path, spec: ContextShapesSpec) -> None:
    """Check that a folder holds exactly the data set asked for.

    Raises:
        UnreadableDataError: if another generator version or specification made it, or
            its files are not those the generator wrote.
    """
    mend = 'Move the folder away (it is made anew) or set another data_root.'
    try:
        stored = json.loads((root / _SPEC_FILE).read_text())
        found = _fingerprint(root, spec)
    except (OSError, ValueError) as error:
        raise UnreadableDataError(
            f'{root} exists but is not a whole ContextShapes data set ({error}). {mend}'
        ) from error
    if stored != found:
        differing = sorted(key for key in found if stored.get(key) != found[key])
        raise UnreadableDataError(
            f'{root} holds another ContextShapes than the one asked for; '
            f'different: {", ".join(differing)}. {mend}'
        )
    for split in SPLITS:
        for index in range(getattr(spec, split)):
            path = root / split / f'{index:06d}.png'
            if not path.is_file():
                raise UnreadableDataError(f'{path} is missing. {mend}')


def ensure(root: str | Path, spec: ContextShapesSpec) -> None:
    """Make the data set unless it is there, and check it if it is.

    Several processes may call this at once: each writes its own temporary folder
    beside ``root``, and the first to finish gives it its name.

    Raises:
        UnreadableDataError: as :func:`verify`.
        OutputError: it cannot be written.
    """
    root = Path(root)
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        with explain_failed_output(root):
            _make(root, spec)
    verify(root, spec)


def _make(root: Path, spec: ContextShapesSpec) -> None:
    """Generate the data set beside ``root`` and give it its name."""
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f'.{root.name}-', dir=root.parent))
    try:
        draft.chmod(0o755)
        generate(draft, spec)
        try:
            os.replace(draft, root)
        except OSError:
            # Another process was faster; its folder is checked afterwards.
            if not (root / _SPEC_FILE).is_file():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
