"""What a frozen backbone gave for an image, kept on disk."""

import hashlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from mmscanet.files import write_atomically

Features = tuple[Tensor, ...]


class FeatureCache:
    """Answers for a backbone from disk where it has seen the very same image before.

    A frozen backbone gives the same feature maps for an image in each epoch. They are
    kept in half precision, a file an image, under a digest of the weights and, in it,
    one of the pixels: whatever the pipeline does, an image is only recognised if all
    of its pixels are the same. Flips are therefore kept apart, and random crops or
    colours make the cache grow and never answer. Several processes may share a folder.

    Args:
        backbone: The module to answer for; its ``forward`` is replaced.
        folder: Where the files are, made on use.

    Attributes:
        read: Images answered from disk.
        written: Images put there.
        place: The folder of the weights that are served, None while it is closed.
    """

    def __init__(self, backbone: nn.Module, folder: Path) -> None:
        self.backbone = backbone
        self.folder = folder
        self.read = self.written = 0
        self.place: Path | None = None
        self._forward: Callable[[Tensor], Features] = backbone.forward
        backbone.forward = self

    def open(self, training: bool = False) -> bool:
        """Use the cache until it is closed, if it can serve the weights of now.

        It can if nothing in the backbone is trained or, for a test, if images have
        been kept for these weights before: joint training makes new ones each epoch,
        which are not worth keeping. Hooks inside the backbone put something of their
        own into it.

        Args:
            training: Whether weights that can be trained will be.
        """
        self.read = self.written = 0
        place = self.folder / weights_digest(self.backbone)
        inside = list(self.backbone.modules())[1:]
        trained = any(param.requires_grad for param in self.backbone.parameters())
        hooked = any(each._forward_hooks or each._forward_pre_hooks for each in inside)
        serves = not trained or (not training and place.is_dir())
        self.place = place if serves and not hooked else None
        return self.place is not None

    def close(self) -> None:
        """Leave everything to the backbone."""
        self.place = None

    def __call__(self, images: Tensor) -> Features:
        """Feature maps (B, D_l, H_l, W_l) of normalised images (B, 3, H, W).

        Those of an open cache have the type of the images, under autocast too.
        """
        if self.place is None or self.backbone.training or images.requires_grad:
            return self._forward(images)
        files = [self.place / pixels_digest(image) for image in images]
        found = [self._load(file, images.device) for file in files]
        missing = [i for i, feats in enumerate(found) if feats is None]
        if missing:
            for i, feats in zip(missing, self._compute(images[missing]), strict=True):
                found[i] = self._keep(files[i], feats)
        self.read += len(images) - len(missing)
        layout = torch.contiguous_format
        if images.is_contiguous(memory_format=torch.channels_last):
            layout = torch.channels_last
        levels = (
            torch.stack([x.to(images) for x in level])
            for level in zip(*found, strict=True)
        )
        return tuple(level.contiguous(memory_format=layout) for level in levels)

    @torch.no_grad()
    def _compute(self, images: Tensor) -> list[Features]:
        return list(zip(*self._forward(images), strict=True))

    def _keep(self, file: Path, feats: Features) -> Features:
        """Write features; return them as they will be read, so that epochs are alike.

        Those that half precision cannot hold are not kept.
        """
        halves = [level.half() for level in feats]
        if not all(half.isfinite().all() for half in halves):
            return feats
        self._save(file, halves)
        self.written += 1
        return tuple(halves)

    @staticmethod
    def _load(file: Path, device: torch.device) -> Features | None:
        """Read a file; None if there is none, or a damaged one, to be made anew."""
        try:
            return tuple(torch.load(file, map_location=device, weights_only=True))
        except (FileNotFoundError, EOFError, RuntimeError, pickle.UnpicklingError):
            return None

    @staticmethod
    def _save(file: Path, halves: list[Tensor]) -> None:
        data = io.BytesIO()
        torch.save([level.cpu().contiguous() for level in halves], data)
        write_atomically(file, data.getbuffer())


def weights_digest(module: nn.Module) -> str:
    """Digest what a backbone computes: layers, parameters, buffers, its outputs."""
    levels = str(getattr(module, 'out_indices', None))
    digest = hashlib.blake2b(levels.encode(), digest_size=16)
    for name, layer in module.named_modules():
        # Not its repr, which has the file that the weights came from.
        digest.update(f'{name} {type(layer).__name__} {layer.extra_repr()}'.encode())
        # As the scale of Swin's attention, which no repr has.
        factors = {k: v for k, v in vars(layer).items() if isinstance(v, float)}
        digest.update(str(sorted(factors.items())).encode())
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(_bytes(value))
    return digest.hexdigest()


def pixels_digest(image: Tensor) -> str:
    """Digest an image (3, H, W), with the device and precision it is computed in."""
    kind = image.device.type
    precision = (
        torch.get_autocast_dtype(kind)
        if torch.is_autocast_enabled(kind)
        else image.dtype
    )
    # A GPU may round single precision to TF32.
    rounded = kind == 'cuda' and torch.backends.cudnn.allow_tf32
    about = f'{tuple(image.shape)} {precision} {kind} {rounded}'
    digest = hashlib.blake2b(about.encode(), digest_size=16)
    digest.update(_bytes(image))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return memoryview(flat.view(torch.uint8).numpy())
