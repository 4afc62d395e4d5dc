"""Makes tests/data/summary/*.txt: torchsummary's and torchinfo's output for torchvision's ResNets.

    python3 scripts/make_summary_goldens.py tests/data/summary

Needs torch and torchvision (made with 1.13 and 0.14), torchsummary 1.5.1 and torchinfo 1.8.0.
"""

import contextlib
import io
import pathlib
import sys

import torchinfo
import torchsummary
from torch import nn
from torchvision.models import resnet

# torchinfo intends "(G)", but since Python 3.11 its enum prints as "(Units.GIGABYTES)".
torchinfo.enums.Units.__str__ = str.__str__


class ResNet(resnet.ResNet):
    """A ResNet without its last modules, under the name of the whole network."""

    def cut_after_layer4(self):
        del self.avgpool, self.fc
        return self

    def cut_after_layer2_0_conv2(self):
        """Keeps only what this node needs, and truncates both containers around it."""
        del self.layer3, self.layer4, self.avgpool, self.fc
        block = self.layer2[0]
        del block.bn2, block.downsample
        self.layer2 = nn.Sequential(block)
        return self

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        if hasattr(self, "layer4"):
            return self.layer4(self.layer3(self.layer2(self.layer1(x))))
        block = self.layer2[0]
        x = block.relu(block.bn1(block.conv1(self.layer1(x))))
        return block.conv2(x)


def torchsummary_text(model, size, batch_size=-1):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        torchsummary.summary(model, size, batch_size, device="cpu")
    return out.getvalue()


def torchinfo_text(model, size, batch_size=1, depth=3):
    return f"""{torchinfo.summary(
        model,
        (batch_size, *size),
        col_names=("output_size", "num_params", "mult_adds"),
        row_settings=("depth", "var_names"),
        depth=depth,
        verbose=0,
    )}\n"""


def tiny(cls=resnet.ResNet):
    return cls(resnet.BasicBlock, [1, 1, 1, 1], num_classes=10)


def main(folder):
    def write(name, text):
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")

    resnet50_layer4 = ResNet(resnet.Bottleneck, [3, 4, 6, 3]).cut_after_layer4()
    for name, model, size in [
        ("resnet18", resnet.resnet18(), (3, 224, 224)),
        ("resnet18_190x257", resnet.resnet18(), (3, 190, 257)),
        ("resnet50", resnet.resnet50(), (3, 224, 224)),
        ("resnet50_layer4", resnet50_layer4, (3, 224, 224)),
        ("resnext50_32x4d", resnet.resnext50_32x4d(), (3, 224, 224)),
        ("wide_resnet50_2", resnet.wide_resnet50_2(), (3, 224, 224)),
        # The input is 1.125 * 2^20 bytes: a tie, which Python rounds to even.
        ("tiny_256x384", tiny(), (3, 256, 384)),
        ("tiny_layer2.0.conv2", tiny(ResNet).cut_after_layer2_0_conv2(), (3, 64, 64)),
    ]:
        write(f"{name}.torchsummary", torchsummary_text(model, size))
        write(f"{name}.torchinfo", torchinfo_text(model, size))

    size = (3, 64, 96)
    write("tiny_batch4.torchsummary", torchsummary_text(tiny(), size, batch_size=4))
    write("tiny_batch4.torchinfo", torchinfo_text(tiny(), size, batch_size=4))
    for depth in 0, 1, 2, 4:
        write(f"tiny_depth{depth}.torchinfo", torchinfo_text(tiny(), size, depth=depth))
    cut = tiny(ResNet).cut_after_layer2_0_conv2()
    write("tiny_layer2.0.conv2_depth1.torchinfo", torchinfo_text(cut, size, depth=1))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
