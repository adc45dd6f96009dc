#!/usr/bin/env python3
"""The peer of the benchmark: PyTorch eager running diffusers' UNet2DModel at DDPM CIFAR-10 size.

Speaks lines over stdio, so that the benchmark can take turns with it:
  threads N             sets the threads, answers "ok"
  load FILE             takes weights (Ho et al.'s names), parity.x, .t, .noise from a safetensors file; answers the
                        number of parameters
  parity FORMAT FILE    writes what the network answers to parity.x, .t, and parity.losses, those of two training steps
                        on them; answers "ok"
  forward DTYPE FORMAT B   one forward pass under no_grad, answers the seconds it took
  train DTYPE FORMAT B     one training step (forward, MSE, backward, clip, AdamW, moving average), answers the seconds
DTYPE is fp32 or bf16 (training: float32 weights under autocast), FORMAT nchw or channels_last.
Needs: pip install torch==2.11.0 diffusers==0.35.2
"""
import re
import sys
import time

import torch
from diffusers import UNet2DModel
from safetensors.torch import load_file, save_file

FORMATS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

# Ho et al.'s names, as pesser/pytorch_diffusion has them, to diffusers'; {i} and {j} are numbers, {k} = 3 - i.
NAMES = [
    ("temb.dense.0", "time_embedding.linear_1"),
    ("temb.dense.1", "time_embedding.linear_2"),
    ("norm_out", "conv_norm_out"),
    ("down.{i}.block.{j}", "down_blocks.{i}.resnets.{j}"),
    ("down.{i}.attn.{j}", "down_blocks.{i}.attentions.{j}"),
    ("down.{i}.downsample.conv", "down_blocks.{i}.downsamplers.0.conv"),
    ("up.{i}.block.{j}", "up_blocks.{k}.resnets.{j}"),
    ("up.{i}.attn.{j}", "up_blocks.{k}.attentions.{j}"),
    ("up.{i}.upsample.conv", "up_blocks.{k}.upsamplers.0.conv"),
    ("mid.block_1", "mid_block.resnets.0"),
    ("mid.block_2", "mid_block.resnets.1"),
    ("mid.attn_1", "mid_block.attentions.0"),
]
IN_BLOCKS = {"temb_proj": "time_emb_proj", "nin_shortcut": "conv_shortcut"}
IN_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def diffusers_name(name):
    for theirs, ours in NAMES:
        pattern = re.escape(theirs).replace(r"\{i\}", r"(?P<i>\d+)").replace(r"\{j\}", r"(?P<j>\d+)")
        match = re.fullmatch(pattern + r"\.(?P<rest>.+)", name)
        if match:
            number = {k: int(v) for k, v in match.groupdict().items() if k != "rest"}
            place = ours.format(**number, k=3 - number.get("i", 0))
            part, _, kind = match["rest"].rpartition(".")
            part = (IN_ATTENTION if "attentions" in place else IN_BLOCKS).get(part, part)
            return ".".join(filter(None, (place, part, kind)))
    return name


def adapted(weights, net):
    """Our state dict as theirs; 1 x 1 convolutions of attention are linear layers there."""
    shapes = {name: p.shape for name, p in net.state_dict().items()}
    renamed = {diffusers_name(name): tensor for name, tensor in weights.items()}
    return {name: tensor.reshape(shapes[name]) for name, tensor in renamed.items()}


class Trainer:
    """The step that the benchmark takes too: clip to norm 1, AdamW without decay, a moving average."""

    def __init__(self, net):
        self.net = net
        self.parameters = list(net.parameters())
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=1e-4, weight_decay=0, fused=True)

    def step(self, x, t, noise, bf16=False):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = torch.nn.functional.mse_loss(self.net(x, t).sample.float(), noise)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1e-4)
        return loss


class Peer:
    def __init__(self):
        self.given = {}
        self.nets = {}
        self.trainers = {}

    def fresh(self, form):
        # google/ddpm-cifar10-32: channels 128, multipliers 1,2,2,2, two blocks a level, attention at 16x16.
        net = UNet2DModel(
            sample_size=32, in_channels=3, out_channels=3, layers_per_block=2,
            block_out_channels=(128, 256, 256, 256),
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=None, norm_eps=1e-6, downsample_padding=0, flip_sin_to_cos=False, freq_shift=1)
        weights = {name: t for name, t in self.given.items() if not name.startswith("parity.")}
        net.load_state_dict(adapted(weights, net))
        return net.to(memory_format=FORMATS[form])

    def load(self, path):
        self.given = load_file(path)
        return sum(p.numel() for p in self.fresh("nchw").parameters())

    def parity(self, form, path):
        x, t, noise = (self.given["parity." + name] for name in ("x", "t", "noise"))
        x = x.contiguous(memory_format=FORMATS[form])
        with torch.no_grad():
            answer = self.fresh(form).eval()(x, t).sample
        trainer = Trainer(self.fresh(form).train())
        losses = torch.stack([trainer.step(x, t, noise).detach() for _ in range(2)])
        save_file({"answer": answer.contiguous(), "losses": losses}, path)
        return "ok"

    def forward(self, dtype, form, batch):
        if (dtype, form) not in self.nets:
            self.nets[dtype, form] = self.fresh(form).eval().to(DTYPES[dtype])
        net = self.nets[dtype, form]
        x = torch.randn(int(batch), 3, 32, 32, dtype=DTYPES[dtype]).contiguous(memory_format=FORMATS[form])
        t = torch.full((int(batch),), 500)
        with torch.no_grad():
            start = time.perf_counter()
            net(x, t)
            return time.perf_counter() - start

    def train(self, dtype, form, batch):
        if form not in self.trainers:
            self.trainers[form] = Trainer(self.fresh(form).train())
        shape = (int(batch), 3, 32, 32)
        x = torch.randn(shape).contiguous(memory_format=FORMATS[form])
        noise, t = torch.randn(shape), torch.randint(0, 1000, shape[:1])
        start = time.perf_counter()
        self.trainers[form].step(x, t, noise, dtype == "bf16")
        return time.perf_counter() - start

    def threads(self, number):
        torch.set_num_threads(int(number))
        return "ok"


def main():
    peer = Peer()
    for line in sys.stdin:
        words = line.split()
        print(getattr(peer, words[0])(*words[1:]), flush=True)


if __name__ == "__main__":
    main()
