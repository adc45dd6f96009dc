#include "nodes/types/layouts.h"

#include <algorithm>
#include <string_view>

namespace loom {

const std::vector<LayoutSignature>& layoutSignatures() {
  static const std::vector<LayoutSignature> all{
      {"DDPM U-Net (w86763777/pytorch-ddpm)",
       {"time_embedding.timembedding.1.weight", "head.weight", "downblocks.0.block1.0.weight",
        "tail.2.weight"}},
      {"DDPM U-Net (pesser/pytorch_diffusion, ermongroup/ddim)",
       {"temb.dense.0.weight", "conv_in.weight", "down.0.block.0.norm1.weight", "mid.block_1.norm1.weight"}},
      {"DiT (facebookresearch/DiT)",
       {"x_embedder.proj.weight", "t_embedder.mlp.0.weight", "y_embedder.embedding_table.weight",
        "blocks.0.adaLN_modulation.1.weight"}},
      {"MAR (LTH14/mar)",
       {"mask_token", "encoder_blocks.0.attn.qkv.weight", "decoder_embed.weight",
        "diffloss.net.input_proj.weight"}},
      {"VQ-Diffusion (microsoft/VQ-Diffusion)",
       {"transformer.content_emb.emb.weight", "transformer.blocks.0.ln1.linear.weight",
        "transformer.to_logits.1.weight", "content_codec.dec.conv_in.weight"}},
      {"latent diffusion (CompVis)",
       {"model.diffusion_model.time_embed.0.weight", "model.diffusion_model.input_blocks.0.0.weight",
        "model.diffusion_model.out.2.weight"}},
      {"latent diffusion U-Net alone",
       {"time_embed.0.weight", "input_blocks.0.0.weight", "middle_block.0.in_layers.0.weight",
        "out.2.weight"}},
      {"autoencoder (LDM or MAR naming)",
       {"encoder.conv_in.weight", "encoder.down.0.block.0.norm1.weight",
        "decoder.up.0.block.0.norm1.weight"}},
      {"autoencoder (diffusers naming)",
       {"encoder.conv_in.weight", "encoder.down_blocks.0.resnets.0.norm1.weight",
        "decoder.up_blocks.0.resnets.0.norm1.weight"}},
      {"U-Net (diffusers naming)",
       {"time_embedding.linear_1.weight", "down_blocks.0.resnets.0.norm1.weight", "conv_out.weight"}},
      {"CLIP (OpenAI)",
       {"token_embedding.weight", "positional_embedding", "ln_final.weight", "text_projection"}},
      {"CLIP text encoder (Hugging Face)",
       {"text_model.embeddings.token_embedding.weight", "text_model.final_layer_norm.weight"}},
  };
  return all;
}

namespace {

bool ends(std::string_view name, std::string_view key) {
  return name.ends_with(key) && (name.size() == key.size() || name[name.size() - key.size() - 1] == '.');
}

}  // namespace

std::string looksLike(const std::vector<std::string>& names) {
  const LayoutSignature* best = nullptr;
  size_t most = 0;
  std::string example;
  for (const LayoutSignature& layout : layoutSignatures()) {
    size_t found = 0, length = 0;  // longer names say more
    std::string first;
    for (const std::string& key : layout.keys) {
      const auto at =
          std::find_if(names.begin(), names.end(), [&](const auto& name) { return ends(name, key); });
      if (at == names.end()) continue;
      if (found++ == 0) first = *at;
      length += key.size();
    }
    if (found > 1 && length > most) {  // one shared name proves nothing
      best = &layout;
      most = length;
      example = first;
    }
  }
  return best ? "This looks like a " + best->name + " checkpoint: it has " + example + "." : "";
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  const char* separator = names.size() > 4 ? "\n  " : " ";
  for (size_t i = 0; i < names.size(); ++i) text += separator + names[i] + (i + 1 < names.size() ? "," : "");
  return text;
}

}  // namespace loom
