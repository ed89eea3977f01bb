"""An LSTM that finds regions of the last feature map and labels them."""

import torch
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmengine.model import bias_init_with_prob
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead
from mmscanet.models.layers import GlobalPooling

from .localisation import LocalisationLoss


@MODELS.register_module()
class RNNAttentionHead(MultiLabelClsHead):
    """Look at K regions in turn; a label's logit is its highest of all of them.

    Z. Wang et al., "Multi-label Image Recognition by Recurrently Discovering
    Attentional Regions", ICCV 2017. A spatial transformer cuts a region out of the
    feature map; an LSTM reads it, predicts scores of the labels and where the next
    region is. The first look is at the whole map and finds the first region only.

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        hidden_channels: Numbers that the LSTM reads and that it gives.
        steps: K.
        region_size: A region is read at this many places across and down.
        localisation: Arguments of :class:`LocalisationLoss`, which the regions have
            beside the loss of the labels.
        prior: The probability that scores start from.
        pool: How a region becomes a vector, see :class:`GlobalPooling`.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``steps`` or ``region_size`` is below 1; see also
            :class:`LocalisationLoss` and :class:`GlobalPooling`.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 512,
        steps: int = 5,
        region_size: int = 7,
        localisation: dict | None = None,
        prior: float = 0.01,
        pool: str = 'avg',
        **kwargs: object,
    ) -> None:
        for name, value in dict(steps=steps, region_size=region_size).items():
            if value < 1:
                raise ConfigError(f'{name} must be at least 1, not {value}')
        # So that images differ as much in what the LSTM gives as in what it reads.
        init_cfg = dict(type='Kaiming', layer='Linear')
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.steps = steps
        self.region_size = region_size
        self.prior = prior
        self.localisation = LocalisationLoss(**(localisation or {}))
        self.pool = GlobalPooling(pool)
        self.read = nn.Linear(in_channels, hidden_channels)
        self.lstm = nn.LSTMCell(hidden_channels, hidden_channels)
        self.hidden = nn.Linear(hidden_channels, hidden_channels)
        self.score = nn.Linear(hidden_channels, num_classes)
        self.locate = nn.Linear(hidden_channels, 4)

    def init_weights(self) -> None:
        """Start from scores at the prior and from regions in the map's middle."""
        super().init_weights()
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.constant_(self.score.bias, bias_init_with_prob(self.prior))
        nn.init.normal_(self.locate.weight, std=0.01)
        size = self.localisation.max_scale
        with torch.no_grad():
            self.locate.bias.copy_(torch.tensor([size, size, 0.0, 0.0]))

    def cut(self, feature_map: Tensor, region: Tensor) -> Tensor:
        """A region (B, 4) of the map (B, D, H, W), as (B, D, size, size).

        The spatial transformer: M = [[s_x, 0, t_x], [0, s_y, t_y]] takes each place of
        the region to one of the map, which is read by linear interpolation. Outside of
        the map all is 0.
        """
        size, shift = region[:, :2], region[:, 2:]
        matrix = torch.cat((size.diag_embed(), shift[..., None]), -1)
        places = (*feature_map.shape[:2], self.region_size, self.region_size)
        # Half precision is too coarse for places.
        with torch.autocast(feature_map.device.type, enabled=False):
            grid = F.affine_grid(matrix.float(), places, align_corners=False)
            return F.grid_sample(feature_map.float(), grid, align_corners=False)

    def look(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        """Regions (B, K, 4) and the logits (B, K, C) of the labels in them."""
        zeros = feature_map.new_zeros(len(feature_map), self.lstm.hidden_size)
        state = zeros, zeros
        # The first look is at all cells, as they are.
        seen, regions, logits = feature_map, [], []
        for step in range(self.steps + 1):
            state = self.lstm(F.relu(self.read(self.pool(seen))), state)
            hidden = F.relu(self.hidden(state[0]))
            if step > 0:
                logits.append(self.score(hidden))
            if step < self.steps:
                region = self.locate(hidden)
                seen = self.cut(feature_map, region)
                regions.append(region.float())
        return torch.stack(regions, 1), torch.stack(logits, 1)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        _, logits = self.look(feats[-1])
        return logits.amax(1)

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """``loss_cls`` of the labels and ``loss_loc`` of the regions, scalars."""
        regions, logits = self.look(feats[-1])
        return dict(
            loss_cls=self.label_loss(logits.amax(1), batch_data_samples),
            loss_loc=self.localisation(regions),
        )
