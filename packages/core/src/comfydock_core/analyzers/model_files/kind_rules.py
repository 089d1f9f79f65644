"""What proves what a model is: names of tensors, and lengths of their sides.

The names are those that the models were published with, and that ComfyUI tells them apart by. Rules stand in order: the
first that holds decides. A name that no rule knows leaves a model unknown.
"""

from typing import NamedTuple

CHECKPOINT = "checkpoint"
CLIP_VISION = "clip vision"
CONTROLNET = "controlnet"
DIFFUSION_MODEL = "diffusion model"
EMBEDDING = "embedding"
LORA = "lora"
TEXT_ENCODER = "text encoder"
UPSCALER = "upscaler"
VAE = "vae"
VAE_APPROXIMATION = "vae approximation"


class Side(NamedTuple):
    """The length of one side of a tensor; `axis` is `None` for the number of its sides."""

    name: str
    axis: int | None
    length: int


class Rule(NamedTuple):
    """A model has all of these names, none of the others, and tensors of these sides."""

    kind: str
    family: str | None
    names: tuple[str, ...]
    sides: tuple[Side, ...] = ()
    without: tuple[str, ...] = ()


def _of_names(kind: str, table: dict[str, str | None]) -> tuple[Rule, ...]:
    """Rules of one name each, separated by blanks where there are several."""
    return tuple(Rule(kind, family, tuple(names.split())) for names, family in table.items())


_SD_CONTEXT = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_XL_CONTEXT = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
_SD_DIFFUSERS = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_XL_DIFFUSERS = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"


def _unets(kind: str, names: str = "") -> tuple[Rule, ...]:
    """The nets of Stable Diffusion and what was built on them, all of which have some more names."""
    more = tuple(names.split())
    context = (
        (_SD_CONTEXT, 768, "SD 1.5"),
        (_SD_CONTEXT, 1024, "SD 2"),
        (_XL_CONTEXT, 2048, "SDXL"),
        (_XL_CONTEXT, 1280, "SDXL Refiner"),
        (_SD_DIFFUSERS, 768, "SD 1.5"),
        (_SD_DIFFUSERS, 1024, "SD 2"),
        (_XL_DIFFUSERS, 2048, "SDXL"),
        (_XL_DIFFUSERS, 1280, "SDXL Refiner"),
    )
    return tuple(Rule(kind, family, (*more, name), (Side(name, 1, width),)) for name, width, family in context)


_KEY_IP = "ip_adapter.1.to_k_ip.weight"
_ZERO = "zero_convs.0.0.weight"

# What is added to a diffusion model, and partly looks like one.
ADDITIONS = (
    Rule("ip adapter", "SDXL", (_KEY_IP,), (Side(_KEY_IP, 1, 2048),)),
    Rule("ip adapter", "SD 1.5", (_KEY_IP,), (Side(_KEY_IP, 1, 768),)),
    Rule("ip adapter", None, (_KEY_IP,)),
    *_of_names(
        "ip adapter",
        {"double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight": "Flux.1"},
    ),
    *_unets(CONTROLNET, _ZERO),
    *_unets(CONTROLNET, "controlnet_cond_embedding.conv_in.weight"),
    *_of_names(
        CONTROLNET,
        {
            "lora_controlnet": None,
            _ZERO: None,
            "controlnet_cond_embedding.conv_in.weight": None,
            "after_proj_list.18.bias": "Hunyuan DiT",
            "controlnet_blocks.0.weight double_blocks.0.img_attn.norm.key_norm.scale": "Flux.1",
            "controlnet_blocks.0.weight pos_embed_input.proj.weight": "SD 3",
            "controlnet_blocks.0.weight transformer_blocks.0.img_mlp.net.0.proj.weight": "Qwen-Image",
            "control_blocks.0.after_proj.weight control_img_in.weight": "Qwen-Image",
            "controlnet_blocks.0.weight controlnet_x_embedder.weight": "Flux.1",
            "controlnet_blocks.0.linear.weight": "Flux.1",
        },
    ),
    *_of_names(
        "t2i adapter",
        {"body.0.in_conv.weight": None, "adapter.body.0.resnets.0.block1.weight": None},
    ),
    Rule("t2i adapter", None, ("conv_in.weight", "body.0.block2.weight", "body.0.block1.weight")),
    *_of_names(
        "model patch",
        {
            "controlnet_blocks.0.y_rms.weight": "Qwen-Image",
            "control_all_x_embedder.2-1.weight": "Z-Image",
            "feature_embedder.mid_layer_norm.bias": "Flux.1",
        },
    ),
    *_of_names("style model", {"style_embedding": "SD 1.5", "redux_down.weight": "Flux.1"}),
    *_of_names("gligen", {"position_net.null_positive_feature": None}),
    *_of_names("photomaker", {"id_encoder.visual_projection_2.weight": "SDXL", "visual_projection_2.weight": "SDXL"}),
    *_of_names(
        "motion module",
        {
            "down_blocks.3.motion_modules.0.temporal_transformer.norm.weight": "SD 1.5",
            "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": "SDXL",
        },
    ),
)

_MODULATION = "head.modulation"
_PATCH = "patch_embedding.weight"
_IMAGE = "img_emb.proj.0.bias"
_LUMINA = ("cap_embedder.1.weight", "noise_refiner.0.attention.k_norm.weight")
_HUNYUAN = "txt_in.individual_token_refiner.blocks.0.norm1.weight"
_TEXT_NORM = "txt_norm.weight"
_LTX = "adaln_single.emb.timestep_embedder.linear_1.bias"
_CHROMA = ("distilled_guidance_layer.norms.0.scale", "distilled_guidance_layer.norms.0.weight")
_WAN_DIFFUSERS = ("blocks.0.attn1.to_k.weight", "condition_embedder.text_embedder.linear_1.weight")
_FLUX_KEY = "double_blocks.0.img_attn.norm.key_norm"

# Names after the prefix that a diffusion model has within a checkpoint.
DIFFUSION_MODELS = (
    Rule(DIFFUSION_MODEL, "SD 3.5", ("joint_blocks.0.context_block.attn.ln_q.weight",)),
    Rule(DIFFUSION_MODEL, "SD 3", ("joint_blocks.0.context_block.attn.qkv.weight",)),
    Rule(DIFFUSION_MODEL, "Stable Cascade", ("clf.1.weight",)),
    Rule(DIFFUSION_MODEL, "Stable Audio", ("transformer.rotary_pos_emb.inv_freq",)),
    Rule(DIFFUSION_MODEL, "AuraFlow", ("double_layers.0.attn.w1q.weight",)),
    Rule(DIFFUSION_MODEL, "Hunyuan DiT", ("mlp_t5.0.weight",)),
    Rule(DIFFUSION_MODEL, "Hunyuan Video 1.5", (_HUNYUAN, "cond_type_embedding.weight")),
    Rule(DIFFUSION_MODEL, "HunyuanImage 2.1", (_HUNYUAN,), (Side("img_in.proj.weight", None, 4),)),
    Rule(DIFFUSION_MODEL, "Hunyuan Video", (_HUNYUAN,)),
    Rule(DIFFUSION_MODEL, "Flux.2", ("double_stream_modulation_img.lin.weight",)),
    Rule(DIFFUSION_MODEL, "Chroma Radiance", (_CHROMA[0], "nerf_blocks.0.norm.scale")),
    Rule(DIFFUSION_MODEL, "Chroma", _CHROMA[:1]),
    Rule(DIFFUSION_MODEL, "Chroma", _CHROMA[1:]),
    Rule(DIFFUSION_MODEL, "Flux.1", (f"{_FLUX_KEY}.scale", "vector_in.in_layer.weight")),
    Rule(DIFFUSION_MODEL, "Flux.1", (f"{_FLUX_KEY}.weight", "vector_in.in_layer.weight")),
    Rule(DIFFUSION_MODEL, "Mochi", ("t5_yproj.weight",)),
    Rule(DIFFUSION_MODEL, "PixArt", (_LTX, "pos_embed.proj.bias")),
    Rule(DIFFUSION_MODEL, "MiniMax H3", ("video_patch_proj.weight", "audio_patch_proj.weight")),
    Rule(DIFFUSION_MODEL, "LTX-2", (_LTX, "audio_adaln_single.linear.weight")),
    Rule(DIFFUSION_MODEL, "LTX Video", (_LTX,)),
    Rule(DIFFUSION_MODEL, "ACE-Step", ("genre_embedder.weight",)),
    Rule(DIFFUSION_MODEL, "ACE-Step 1.5", ("encoder.lyric_encoder.layers.0.input_layernorm.weight",)),
    Rule(DIFFUSION_MODEL, "PixArt", ("t_block.1.weight",)),
    Rule(DIFFUSION_MODEL, "Cosmos 1", ("blocks.block0.blocks.0.block.attn.to_q.0.weight",)),
    Rule(DIFFUSION_MODEL, "Z-Image", _LUMINA, (Side(_LUMINA[0], 0, 3840),)),
    Rule(DIFFUSION_MODEL, "Lumina 2", _LUMINA, (Side(_LUMINA[0], 0, 2304),)),
    Rule(DIFFUSION_MODEL, "CogVideoX", ("blocks.0.norm1.linear.weight",)),
    Rule(DIFFUSION_MODEL, "SeedVR2", ("blocks.31.mlp.all.proj_in_gate.weight",)),
    Rule(DIFFUSION_MODEL, "SeedVR2", ("blocks.35.mlp.vid.proj_out.weight",)),
    Rule(DIFFUSION_MODEL, "Wan 2.1", (_MODULATION, _IMAGE)),
    Rule(DIFFUSION_MODEL, "Wan 2.1", (_MODULATION,), (Side(_MODULATION, -1, 1536),)),
    Rule(DIFFUSION_MODEL, "Wan 2.2", (_MODULATION,), (Side(_MODULATION, -1, 3072),)),
    Rule(DIFFUSION_MODEL, "Wan 2.2", (_MODULATION,), (Side(_PATCH, 1, 36),)),
    Rule(DIFFUSION_MODEL, "Wan 2.1/2.2", (_MODULATION,)),
    Rule(DIFFUSION_MODEL, "Hunyuan3D 2", ("latent_in.weight", "cond_in.weight")),
    Rule(DIFFUSION_MODEL, "Hunyuan3D 2.1", ("t_embedder.mlp.2.weight", "blocks.0.attn1.k_norm.weight")),
    Rule(DIFFUSION_MODEL, "HiDream-O1", ("t_embedder1.mlp.0.weight", "x_embedder.proj1.weight")),
    Rule(DIFFUSION_MODEL, "HiDream-I1", ("caption_projection.0.linear.weight",)),
    Rule(DIFFUSION_MODEL, "Anima", ("llm_adapter.blocks.0.cross_attn.q_proj.weight",)),
    Rule(DIFFUSION_MODEL, "Cosmos Predict2", ("blocks.0.mlp.layer1.weight",)),
    Rule(DIFFUSION_MODEL, "Boogu", ("double_stream_layers.0.img_instruct_attn.processor.img_to_q.weight",)),
    Rule(DIFFUSION_MODEL, "OmniGen2", ("time_caption_embed.timestep_embedder.linear_1.bias",)),
    Rule(
        DIFFUSION_MODEL,
        "Lens",
        ("transformer_blocks.0.attn.norm_added_q.weight", "transformer_blocks.0.img_mlp.w1.weight"),
    ),
    Rule(DIFFUSION_MODEL, "Mage-Flow", (_TEXT_NORM,), (Side(_TEXT_NORM, 0, 2560), Side("proj_out.weight", 0, 128))),
    Rule(DIFFUSION_MODEL, "Qwen-Image 2.1", ("txt_in.text_norm.weight", "transformer_blocks.0.attn.norm_q.weight")),
    Rule(DIFFUSION_MODEL, "Qwen-Image", (_TEXT_NORM, "transformer_blocks.0.attn.add_k_proj.weight")),
    Rule(DIFFUSION_MODEL, "Qwen-Image", (_TEXT_NORM, "transformer_blocks.0.img_mod.1.weight")),
    Rule(DIFFUSION_MODEL, "Ideogram 4", ("embed_image_indicator.weight",)),
    Rule(DIFFUSION_MODEL, "Krea 2", ("txtfusion.projector.weight",)),
    Rule(DIFFUSION_MODEL, "Kandinsky 5", ("visual_transformer_blocks.0.cross_attention.key_norm.weight",)),
    Rule(DIFFUSION_MODEL, "Stable Video Diffusion", ("input_blocks.1.1.time_stack.0.attn1.to_q.weight",)),
    *_unets(DIFFUSION_MODEL, "input_blocks.0.0.weight"),
    *_unets(DIFFUSION_MODEL, "time_embedding.linear_1.weight"),
    # As the library `diffusers` names them.
    Rule(DIFFUSION_MODEL, "Flux.2", ("single_transformer_blocks.0.attn.to_qkv_mlp_proj.weight",)),
    Rule(
        DIFFUSION_MODEL,
        "Flux.1",
        ("single_transformer_blocks.0.attn.norm_k.weight", "time_text_embed.text_embedder.linear_1.weight"),
        without=("context_embedder.time_text_embed.text_embedder.linear_1.weight",),
    ),
    Rule(DIFFUSION_MODEL, "Hunyuan Video", ("context_embedder.time_text_embed.text_embedder.linear_1.weight",)),
    Rule(DIFFUSION_MODEL, "Wan 2.1", _WAN_DIFFUSERS, (Side(_WAN_DIFFUSERS[0], 0, 1536),)),
    Rule(DIFFUSION_MODEL, "Wan 2.2", _WAN_DIFFUSERS, (Side(_WAN_DIFFUSERS[0], 0, 3072),)),
    Rule(DIFFUSION_MODEL, "Wan 2.1/2.2", _WAN_DIFFUSERS),
    Rule(DIFFUSION_MODEL, "SD 3", ("transformer_blocks.0.attn.add_k_proj.weight", "pos_embed.proj.weight")),
    Rule(DIFFUSION_MODEL, "AuraFlow", ("joint_transformer_blocks.0.attn.add_k_proj.weight",)),
)

_MIDDLE = "decoder.middle.0.residual.0.gamma"
_CONV = "decoder.conv_in.weight"

VAES = (
    *_of_names(VAE_APPROXIMATION, {"taesd_decoder.1.weight": None, "decoder.22.bias": None}),
    Rule(VAE, "Stable Video Diffusion", ("decoder.mid.block_1.mix_factor",)),
    Rule(VAE, "Stable Cascade", ("vquantizer.codebook.weight",)),
    Rule(VAE, "Stable Cascade", ("encoder.backbone.1.0.block.0.1.num_batches_tracked",)),
    Rule(VAE, "SeedVR2", ("decoder.up_blocks.2.upsamplers.0.upscale_conv.weight",)),
    Rule(VAE, "LTX Video", ("decoder.up_blocks.0.res_blocks.0.conv1.conv.weight",)),
    Rule(VAE, "Flux.2", (_CONV, "bn.running_mean")),
    Rule(VAE, "HunyuanImage 2.1", (_CONV,), (Side(_CONV, 1, 64),)),
    Rule(VAE, "Flux.1/SD 3", (_CONV,), (Side(_CONV, 1, 16),)),
    Rule(VAE, "SD 1.5/SDXL", (_CONV,), (Side(_CONV, 1, 4),)),
    Rule(VAE, "Stable Audio", ("decoder.layers.1.layers.0.beta",)),
    Rule(VAE, "Mochi", ("decoder.blocks.2.blocks.3.stack.5.weight",)),
    Rule(VAE, "Mochi", ("blocks.2.blocks.3.stack.5.weight",)),
    Rule(VAE, "Hunyuan Video 1.5", ("decoder.conv_in.conv.weight",), (Side("decoder.conv_in.conv.weight", 1, 32),)),
    Rule(VAE, "CogVideoX", ("decoder.conv_in.conv.weight", "decoder.mid_block.resnets.0.norm1.norm_layer.weight")),
    Rule(VAE, "Hunyuan Video", ("decoder.conv_in.conv.weight",)),
    Rule(VAE, "Cosmos 1", ("decoder.unpatcher3d.wavelets",)),
    Rule(VAE, "Qwen-Image 2.1", (_MIDDLE,), (Side("decoder.head.2.weight", 2, 1),)),
    Rule(VAE, "Wan 2.2", (_MIDDLE, "decoder.upsamples.0.upsamples.0.residual.2.weight")),
    Rule(VAE, "Wan 2.1/Qwen-Image", (_MIDDLE,)),
    Rule(VAE, "Hunyuan3D 2", ("geo_decoder.cross_attn_decoder.ln_1.bias",)),
    Rule(VAE, "ACE-Step", ("vocoder.backbone.channel_layers.0.0.bias",)),
    Rule(VAE, None, ("decoder.conv_in.weight", "encoder.conv_in.weight")),
)

_CLIP_TEXT = "text_model.encoder.layers.0.mlp.fc1.weight"
_T5_WIDE = "encoder.block.23.layer.1.DenseReluDense.wi_1.weight"
_T5_KEY = "encoder.block.0.layer.0.SelfAttention.k.weight"
_GEMMA = "model.layers.0.post_feedforward_layernorm.weight"
_QWEN_BIAS = "model.layers.0.self_attn.k_proj.bias"
_NORM = "model.layers.0.post_attention_layernorm.weight"
_QUERY_NORM = "model.layers.0.self_attn.q_norm.weight"
_WORDS = "model.embed_tokens.weight"

TEXT_ENCODERS = (
    Rule(TEXT_ENCODER, "CLIP-G", ("text_model.encoder.layers.30.mlp.fc1.weight",)),
    Rule(TEXT_ENCODER, "CLIP-H", ("text_model.encoder.layers.22.mlp.fc1.weight",)),
    Rule(TEXT_ENCODER, "CLIP-L", (_CLIP_TEXT,), (Side(_CLIP_TEXT, 1, 768),)),
    Rule(
        TEXT_ENCODER,
        "UMT5-XXL",
        (_T5_WIDE, "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"),
        (Side(_T5_WIDE, 0, 10240),),
    ),
    Rule(TEXT_ENCODER, "T5-XXL", (_T5_WIDE,), (Side(_T5_WIDE, 0, 10240),)),
    Rule(TEXT_ENCODER, "T5-XL", (_T5_WIDE,), (Side(_T5_WIDE, 0, 5120),)),
    Rule(TEXT_ENCODER, "T5 1.0 11B", ("encoder.block.23.layer.1.DenseReluDense.wi.weight",)),
    Rule(TEXT_ENCODER, "ByT5 small", (_T5_KEY,), (Side(_T5_KEY, 0, 384),)),
    Rule(TEXT_ENCODER, "T5 base", (_T5_KEY,), (Side(_T5_KEY, 1, 768),)),
    Rule(TEXT_ENCODER, "T5Gemma", ("model.encoder.layers.0.pre_self_attn_layernorm.weight",)),
    Rule(TEXT_ENCODER, "Jina CLIP 2", ("model.encoder.layers.0.mixer.Wqkv.weight",)),
    Rule(TEXT_ENCODER, "Gemma 4", (_GEMMA, "model.layers.0.layer_scalar")),
    Rule(TEXT_ENCODER, "Gemma 3 12B", (_GEMMA, "model.layers.47.self_attn.q_norm.weight"), (Side(_GEMMA, 0, 3840),)),
    Rule(TEXT_ENCODER, "Gemma 3 4B", (_GEMMA, _QUERY_NORM), (Side(_GEMMA, 0, 2560),)),
    Rule(TEXT_ENCODER, "Gemma 2 2B", (_GEMMA,), (Side(_GEMMA, 0, 2304),), without=(_QUERY_NORM,)),
    Rule(TEXT_ENCODER, "GPT-OSS 20B", ("model.layers.0.self_attn.sinks",)),
    Rule(TEXT_ENCODER, "Qwen2.5 3B", (_QWEN_BIAS,), (Side(_QWEN_BIAS, 0, 256), Side(_NORM, 0, 2048))),
    Rule(TEXT_ENCODER, "Qwen2.5 7B", (_QWEN_BIAS,), (Side(_QWEN_BIAS, 0, 512), Side(_NORM, 0, 3584))),
    Rule(TEXT_ENCODER, "Qwen3-VL", ("model.visual.deepstack_merger_list.0.norm.weight",)),
    Rule(TEXT_ENCODER, "Qwen3 0.6B", (_NORM, _QUERY_NORM), (Side(_NORM, 0, 1024),)),
    Rule(TEXT_ENCODER, "Qwen3 1.7B", (_NORM, _QUERY_NORM), (Side(_NORM, 0, 2048),)),
    Rule(TEXT_ENCODER, "Qwen3 4B", (_NORM, _QUERY_NORM), (Side(_NORM, 0, 2560),)),
    Rule(TEXT_ENCODER, "Qwen3 8B", (_NORM, _QUERY_NORM), (Side(_NORM, 0, 4096),)),
    Rule(TEXT_ENCODER, "Mistral Small 3 24B", (_NORM,), (Side(_NORM, 0, 5120), Side(_WORDS, 0, 131072))),
    Rule(TEXT_ENCODER, "Llama 3 8B", (_NORM,), (Side(_NORM, 0, 4096), Side(_WORDS, 0, 128256))),
    Rule(TEXT_ENCODER, "Llama 3 8B", (_NORM,), (Side(_NORM, 0, 4096), Side(_WORDS, 0, 128320))),
    Rule(TEXT_ENCODER, None, (_NORM, _WORDS)),
)

_VISION = "vision_model.encoder.layers"
_CLASS = "visual.class_embedding"

IMAGE_ENCODERS = (
    Rule(CLIP_VISION, "ViT-bigG", (f"{_VISION}.47.layer_norm1.weight",)),
    Rule(CLIP_VISION, "ViT-H", (f"{_VISION}.30.layer_norm1.weight",)),
    Rule(
        CLIP_VISION,
        "SigLIP",
        (f"{_VISION}.22.layer_norm1.weight",),
        (Side(f"{_VISION}.0.layer_norm1.weight", 0, 1152),),
    ),
    Rule(CLIP_VISION, "ViT-L", (f"{_VISION}.22.layer_norm1.weight",)),
    Rule(CLIP_VISION, "ViT-bigG", (_CLASS,), (Side(_CLASS, 0, 1664),)),
    Rule(CLIP_VISION, "ViT-H", (_CLASS,), (Side(_CLASS, 0, 1280),)),
    Rule(CLIP_VISION, "ViT-L", (_CLASS,), (Side(_CLASS, 0, 1024),)),
    Rule(CLIP_VISION, "DINOv2", ("encoder.layer.23.layer_scale2.lambda1",)),
    Rule(CLIP_VISION, "DINOv3", ("layer.23.attention.o_proj.bias",)),
)

OTHERS = (
    *_of_names(
        UPSCALER,
        {
            "model.0.weight model.1.sub.0.RDB1.conv1.0.weight": "ESRGAN",
            "conv_first.weight RRDB_trunk.0.RDB1.conv1.weight": "ESRGAN",
            "conv_first.weight body.0.rdb1.conv1.weight": "Real-ESRGAN",
            "layers.0.residual_group.overlap_attn.relative_position_bias_table": "HAT",
            "layers.0.residual_group.blocks.0.attn.relative_position_bias_table conv_first.weight": "SwinIR",
            "before_RG.1.weight layers.0.blocks.0.attn.proj.weight": "DAT",
            "block_1.c1_r.sk.weight": "SPAN",
            "feats.0.weight feats.1.lk.conv.weight": "PLKSR",
            "feats.0.weight feats.1.plk.conv.weight": "PLKSR",
        },
    ),
    Rule(
        UPSCALER,
        "Real-ESRGAN Compact",
        ("body.0.weight", "body.1.weight", "body.2.weight"),
        (Side("body.0.weight", 1, 3),),
    ),
    *_of_names("face restoration", {"quantize.embedding.weight fuse_convs_dict.32.shift.0.weight": "CodeFormer"}),
    *_of_names("face restoration", {"stylegan_decoder.constant_input.weight": "GFPGAN"}),
    *_of_names("frame interpolation", {"module.block0.conv0.0.0.weight": "RIFE", "block0.conv0.0.0.weight": "RIFE"}),
    *_of_names(
        "segmentation model",
        {
            "image_encoder.patch_embed.proj.weight mask_decoder.iou_token.weight": "SAM",
            "sam_mask_decoder.iou_token.weight": "SAM 2",
        },
    ),
    *_of_names(
        "audio encoder",
        {
            "feature_extractor.conv_layers.0.conv.weight feature_projection.projection.weight": "wav2vec 2.0",
            "model.encoder.embed_positions.weight model.encoder.conv1.weight": "Whisper",
        },
    ),
    *_of_names("depth model", {"depth_head.scratch.output_conv1.weight": "Depth Anything"}),
    *_of_names("latent upscaler", {"initial_conv.weight post_upsample_res_blocks.0.conv1.weight": "LTX Video"}),
)
