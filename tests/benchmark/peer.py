#!/usr/bin/env python3
"""The peer of the benchmark: PyTorch eager running diffusers' UNet2DModel at DDPM CIFAR-10 size.

Speaks lines over stdio, so that the benchmark can take turns with it:
  threads N            sets the threads, answers "ok"
  forward DTYPE B      one forward pass under no_grad, answers the seconds it took
  train DTYPE B        one training step (forward, MSE, backward, AdamW), answers the seconds
  parameters           answers the number of parameters
Needs: pip install torch==2.11.0 diffusers==0.35.2
"""
import sys
import time

import torch
from diffusers import UNet2DModel


def make():
    # google/ddpm-cifar10-32: channels 128, multipliers 1,2,2,2, two blocks a level, attention at 16x16.
    torch.manual_seed(0)
    return UNet2DModel(
        sample_size=32, in_channels=3, out_channels=3, layers_per_block=2,
        block_out_channels=(128, 256, 256, 256),
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=None, norm_eps=1e-6, downsample_padding=0, flip_sin_to_cos=False, freq_shift=1)


class Peer:
    def __init__(self):
        self.nets = {}
        self.optimisers = {}

    def net(self, dtype, training):
        key = (dtype, training)
        if key not in self.nets:
            net = make()
            if training:
                net.train()
                self.optimisers[key] = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=True)
            else:
                net = net.eval().to(torch.bfloat16 if dtype == "bf16" else torch.float32)
            self.nets[key] = net
        return self.nets[key]

    def forward(self, dtype, batch):
        net = self.net(dtype, False)
        x = torch.randn(batch, 3, 32, 32, dtype=torch.bfloat16 if dtype == "bf16" else torch.float32)
        t = torch.full((batch,), 500)
        with torch.no_grad():
            start = time.perf_counter()
            net(x, t)
            return time.perf_counter() - start

    def train(self, dtype, batch):
        net = self.net(dtype, True)
        optimiser = self.optimisers[(dtype, True)]
        x, noise = torch.randn(batch, 3, 32, 32), torch.randn(batch, 3, 32, 32)
        t = torch.randint(0, 1000, (batch,))
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            loss = torch.nn.functional.mse_loss(net(x, t).sample.float(), noise)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        return time.perf_counter() - start


def main():
    peer = Peer()
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        if words[0] == "threads":
            torch.set_num_threads(int(words[1]))
            answer = "ok"
        elif words[0] == "parameters":
            answer = str(sum(p.numel() for p in make().parameters()))
        else:
            answer = repr(getattr(peer, words[0])(words[1], int(words[2])))
        print(answer, flush=True)


if __name__ == "__main__":
    main()
