# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""ResNets of torchvision's layout in PyTorch, for tests that have it."""


def resnet(layout, width=64, seed=0):
    """A `torch.nn.Module` from [N, 3, H, W] to {'2', ..., '5'}, random in all its tensors."""
    import torch
    from torch import nn

    kind, repeats = layout

    def conv(inputs, outputs, size, stride=1):
        return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)

    class Block(nn.Module):
        def __init__(self, inputs, planes, stride, has_downsample):
            super().__init__()
            if kind == "bottleneck":
                outputs, sizes = 4 * planes, [(1, 1), (3, stride), (1, 1)]
            else:
                outputs, sizes = planes, [(3, stride), (3, 1)]
            channels = [inputs, *[planes] * (len(sizes) - 1), outputs]
            for index, (size, step) in enumerate(sizes):
                layer = conv(channels[index], channels[index + 1], size, step)
                setattr(self, f"conv{index + 1}", layer)
                setattr(self, f"bn{index + 1}", nn.BatchNorm2d(channels[index + 1]))
            self.count = len(sizes)
            self.downsample = None
            if has_downsample:
                layers = conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)
                self.downsample = nn.Sequential(*layers)

        def forward(self, x):
            shortcut = x if self.downsample is None else self.downsample(x)
            for number in range(1, self.count + 1):
                x = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x))
                if number < self.count:
                    x = torch.relu(x)
            return torch.relu(x + shortcut)

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = conv(3, width, 7, 2), nn.BatchNorm2d(width)
            self.maxpool = nn.MaxPool2d(3, 2, padding=1)
            inputs = width
            for layer, count in enumerate(repeats, 1):
                blocks, planes = [], width * 2 ** (layer - 1)
                outputs = 4 * planes if kind == "bottleneck" else planes
                for index in range(count):
                    stride = 2 if layer > 1 and index == 0 else 1
                    has_downsample = index == 0 and (layer > 1 or inputs != outputs)
                    blocks.append(Block(inputs, planes, stride, has_downsample))
                    inputs = outputs
                setattr(self, f"layer{layer}", nn.Sequential(*blocks))

        def forward(self, x):
            x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
            maps = {}
            for layer in (1, 2, 3, 4):
                x = getattr(self, f"layer{layer}")(x)
                maps[str(layer + 1)] = x
            return maps

    torch.manual_seed(seed)
    network = ResNet().eval()
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            tensor.normal_(std=0.1)
        elif tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    return network
