"""What a row says of where it was made."""

import torch

from mmscanet.comparison.machine import machine, versions


def test_machine_names_the_threads(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 3)
    assert machine().endswith(', 3 threads')
    assert not machine().startswith(',')


def test_machine_is_the_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda device: f'GPU {device}')
    assert machine() == 'GPU cuda'
    assert machine('cuda:1') == 'GPU cuda:1'
    # What is timed on the CPU of such a machine says so.
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 3)
    assert machine('cpu').endswith(', 3 threads')
    assert machine('xpu') == 'xpu'


def test_versions_are_those_imported():
    assert versions()['torch'] == torch.__version__
    assert versions()['python'].startswith('3.')
