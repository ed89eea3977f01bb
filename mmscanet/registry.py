"""The scope ``mmscanet``, so that ``mmscanet::scanet/...`` serves as a base config.

mmengine marks the parts of such a base with the scope of the package that it came
from and then looks for registries of that scope. mmscanet's parts are registered in
MMDetection's registries; each of those gets a child of the scope ``mmscanet`` that
holds nothing itself and hands every look-up to its parent.
"""

import mmdet.registry
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import Registry

# mmengine resolves `package::config` for the packages named here only.
MODULE2PACKAGE['mmscanet'] = 'mmscanet'


def _add_child(parent: Registry) -> Registry:
    """Make the child of one of mmdet's registries."""
    # A look-up imports the locations of the registry it starts from, not of the
    # parents: so the child names those of its parent, and mmscanet itself.
    locations = [*parent._locations, 'mmscanet']
    return Registry(parent.name, parent=parent, scope='mmscanet', locations=locations)


REGISTRIES = {
    name: _add_child(parent)
    for name, parent in vars(mmdet.registry).items()
    if isinstance(parent, Registry) and parent.scope == 'mmdet'
}
