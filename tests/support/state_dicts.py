"""State dicts in miniature: of each published model a few tensors by their public names, with their real sides."""

from tests.support.model_files import Shapes


def _under(prefix: str, shapes: Shapes) -> dict[str, tuple[int, ...]]:
    return {prefix + name: shape for name, shape in shapes.items()}


_UNET = {"input_blocks.0.0.weight": (320, 4, 3, 3), "out.2.weight": (4, 320, 3, 3), "time_embed.0.weight": (1280, 320)}
_SD = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_XL = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
SD15_UNET = {**_UNET, _SD: (320, 768)}
SD2_UNET = {**_UNET, _SD: (320, 1024)}
SDXL_UNET = {**_UNET, _XL: (640, 2048), "label_emb.0.0.weight": (1280, 2816)}
_OLD_VAE = {"encoder.conv_in.weight": (128, 3, 3, 3), "decoder.conv_in.weight": (512, 4, 3, 3)}
_CLIP_L = "text_model.encoder.layers.0.mlp.fc1.weight"
_FLUX = {
    "img_in.weight": (3072, 64),
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "single_blocks.0.linear1.weight": (21504, 3072),
    "vector_in.in_layer.weight": (3072, 768),
    "guidance_in.in_layer.weight": (3072, 256),
}
_WAN = {
    "head.head.weight": (64, 5120),
    "blocks.0.ffn.0.weight": (13824, 5120),
    "patch_embedding.weight": (5120, 16, 1, 2, 2),
}
_LUMINA = {"noise_refiner.0.attention.k_norm.weight": (128,), "layers.0.attention.qkv.weight": (6912, 2304)}
_HUNYUAN = {
    "txt_in.individual_token_refiner.blocks.0.norm1.weight": (3072,),
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "final_layer.linear.weight": (64, 3072),
}
_T5 = {"shared.weight": (32128, 4096), "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (10240, 4096)}
_LLAMA = {"model.embed_tokens.weight": (128256, 4096), "model.layers.0.post_attention_layernorm.weight": (4096,)}
_VISION = "vision_model.encoder.layers"

# Kind, family, tensors.
MODELS: list[tuple[str, str | None, Shapes]] = [
    (
        "checkpoint",
        "SD 1.5",
        {
            **_under("model.diffusion_model.", SD15_UNET),
            **_under("first_stage_model.", _OLD_VAE),
            f"cond_stage_model.transformer.{_CLIP_L}": (3072, 768),
        },
    ),
    (
        "checkpoint",
        "SD 2",
        {
            **_under("model.diffusion_model.", SD2_UNET),
            "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight": (3072, 1024),
        },
    ),
    (
        "checkpoint",
        "SDXL",
        {
            **_under("model.diffusion_model.", SDXL_UNET),
            f"conditioner.embedders.0.transformer.{_CLIP_L}": (3072, 768),
            **_under("first_stage_model.", _OLD_VAE),
        },
    ),
    (
        "checkpoint",
        "SDXL Refiner",
        {
            **_under("model.diffusion_model.", {**_UNET, _XL: (768, 1280)}),
            "conditioner.embedders.0.model.transformer.resblocks.0.ln_1.weight": (1280,),
        },
    ),
    ("checkpoint", "Flux.1", {**_under("model.diffusion_model.", _FLUX), **_under("vae.", _OLD_VAE)}),
    (
        "checkpoint",
        "SD 3.5",
        {
            "model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight": (7296, 2432),
            "model.diffusion_model.joint_blocks.0.context_block.attn.ln_q.weight": (64,),
            "text_encoders.clip_l.transformer.text_model.embeddings.position_embedding.weight": (77, 768),
        },
    ),
    (
        "checkpoint",
        "LTX Video",
        {
            "model.diffusion_model.adaln_single.emb.timestep_embedder.linear_1.bias": (2048,),
            "vae.decoder.conv_in.conv.weight": (1024, 128, 3, 3, 3),
        },
    ),
    (
        "checkpoint",
        "Stable Audio",
        {
            "model.model.transformer.rotary_pos_emb.inv_freq": (16,),
            "pretransform.model.decoder.layers.1.layers.0.beta": (2048,),
        },
    ),
    ("checkpoint", None, {"model.diffusion_model.a_new_one.weight": (8, 8), **_under("vae.", _OLD_VAE)}),
    ("diffusion model", None, {"model.diffusion_model.a_new_one.weight": (8, 8)}),
    ("diffusion model", "SDXL", _under("model.diffusion_model.", SDXL_UNET)),
    (
        "diffusion model",
        "SDXL",
        {
            "time_embedding.linear_1.weight": (1280, 320),
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
        },
    ),
    (
        "diffusion model",
        "Stable Video Diffusion",
        {
            **_under(
                "model.diffusion_model.", {**SD2_UNET, "input_blocks.1.1.time_stack.0.attn1.to_q.weight": (320, 320)}
            )
        },
    ),
    ("diffusion model", "SD 3", {"joint_blocks.0.context_block.attn.qkv.weight": (4608, 1536)}),
    ("diffusion model", "Flux.1", _FLUX),
    ("diffusion model", "Flux.1", _under("model.diffusion_model.", _FLUX)),
    (
        "diffusion model",
        "Flux.1",
        {
            "single_transformer_blocks.0.attn.norm_k.weight": (128,),
            "time_text_embed.text_embedder.linear_1.weight": (3072, 768),
        },
    ),
    (
        "diffusion model",
        "Flux.2",
        {
            "img_in.weight": (6144, 128),
            "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
            "double_stream_modulation_img.lin.weight": (36864, 6144),
        },
    ),
    (
        "diffusion model",
        "Chroma",
        {
            "img_in.weight": (3072, 64),
            "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
            "distilled_guidance_layer.norms.0.scale": (5120,),
        },
    ),
    ("diffusion model", "Wan 2.1", {**_WAN, "head.modulation": (1, 2, 1536)}),
    ("diffusion model", "Wan 2.1", {**_WAN, "head.modulation": (1, 2, 5120), "img_emb.proj.0.bias": (1280,)}),
    ("diffusion model", "Wan 2.1/2.2", {**_WAN, "head.modulation": (1, 2, 5120)}),
    ("diffusion model", "Wan 2.2", {**_WAN, "head.modulation": (1, 2, 3072)}),
    (
        "diffusion model",
        "Wan 2.2",
        {**_WAN, "head.modulation": (1, 2, 5120), "patch_embedding.weight": (5120, 36, 1, 2, 2)},
    ),
    ("diffusion model", "Hunyuan Video", {**_HUNYUAN, "img_in.proj.weight": (3072, 16, 1, 2, 2)}),
    ("diffusion model", "HunyuanImage 2.1", {**_HUNYUAN, "img_in.proj.weight": (3584, 64, 1, 1)}),
    (
        "diffusion model",
        "Hunyuan Video 1.5",
        {**_HUNYUAN, "img_in.proj.weight": (2048, 65, 1, 1, 1), "cond_type_embedding.weight": (3, 2048)},
    ),
    (
        "diffusion model",
        "Hunyuan Video",
        {
            "single_transformer_blocks.0.attn.norm_k.weight": (128,),
            "time_text_embed.text_embedder.linear_1.weight": (3072, 768),
            "context_embedder.time_text_embed.text_embedder.linear_1.weight": (3072, 4096),
        },
    ),
    (
        "diffusion model",
        "LTX-2",
        {
            "adaln_single.emb.timestep_embedder.linear_1.bias": (4096,),
            "audio_adaln_single.linear.weight": (12288, 2048),
        },
    ),
    (
        "diffusion model",
        "Qwen-Image",
        {
            "txt_norm.weight": (3584,),
            "img_in.weight": (3072, 64),
            "transformer_blocks.0.img_mod.1.weight": (18432, 3072),
            "transformer_blocks.0.attn.add_k_proj.weight": (3072, 3072),
        },
    ),
    ("diffusion model", "Lumina 2", {**_LUMINA, "cap_embedder.1.weight": (2304, 2304)}),
    ("diffusion model", "Z-Image", {**_LUMINA, "cap_embedder.1.weight": (3840, 2560)}),
    ("diffusion model", "PixArt", {"t_block.1.weight": (6912, 1152), "pos_embed": (1, 4096, 1152)}),
    ("diffusion model", "AuraFlow", {"double_layers.0.attn.w1q.weight": (3072, 3072)}),
    ("diffusion model", "Stable Cascade", {"clf.1.weight": (16, 2048, 1, 1), "clip_txt_mapper.weight": (2048, 1280)}),
    ("diffusion model", "Hunyuan DiT", {"mlp_t5.0.weight": (8192, 2048)}),
    ("diffusion model", "Mochi", {"t5_yproj.weight": (1536, 4096)}),
    ("diffusion model", "HiDream-I1", {"caption_projection.0.linear.weight": (2560, 4096)}),
    ("diffusion model", "OmniGen2", {"time_caption_embed.timestep_embedder.linear_1.bias": (1024,)}),
    ("diffusion model", "Cosmos Predict2", {"net.blocks.0.mlp.layer1.weight": (8192, 2048)}),
    ("diffusion model", "ACE-Step", {"genre_embedder.weight": (2560, 512)}),
    ("vae", "SD 1.5/SDXL", _OLD_VAE),
    ("vae", "Flux.1/SD 3", {**_OLD_VAE, "decoder.conv_in.weight": (512, 16, 3, 3)}),
    ("vae", "Flux.2", {**_OLD_VAE, "decoder.conv_in.weight": (512, 32, 3, 3), "bn.running_mean": (128,)}),
    ("vae", "Wan 2.1/Qwen-Image", {"decoder.middle.0.residual.0.gamma": (384, 1, 1, 1)}),
    (
        "vae",
        "Wan 2.2",
        {
            "decoder.middle.0.residual.0.gamma": (1024, 1, 1, 1),
            "decoder.upsamples.0.upsamples.0.residual.2.weight": (1024, 1024, 3, 3, 3),
        },
    ),
    ("vae", "Hunyuan Video", {"decoder.conv_in.conv.weight": (512, 16, 3, 3, 3)}),
    ("vae", "LTX Video", {"decoder.up_blocks.0.res_blocks.0.conv1.conv.weight": (512, 512, 3, 3, 3)}),
    ("vae approximation", None, {"taesd_decoder.1.weight": (64, 4, 3, 3)}),
    ("text encoder", "CLIP-L", {_CLIP_L: (3072, 768), "text_model.embeddings.token_embedding.weight": (49408, 768)}),
    ("text encoder", "CLIP-G", {_CLIP_L: (5120, 1280), "text_model.encoder.layers.30.mlp.fc1.weight": (5120, 1280)}),
    ("text encoder", "T5-XXL", _T5),
    (
        "text encoder",
        "UMT5-XXL",
        {**_T5, "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight": (32, 64)},
    ),
    ("text encoder", "Llama 3 8B", _LLAMA),
    (
        "text encoder",
        "Qwen3 4B",
        {
            "model.embed_tokens.weight": (151936, 2560),
            "model.layers.0.post_attention_layernorm.weight": (2560,),
            "model.layers.0.self_attn.q_norm.weight": (128,),
        },
    ),
    (
        "text encoder",
        "Qwen2.5 7B",
        {
            "model.layers.0.post_attention_layernorm.weight": (3584,),
            "model.layers.0.self_attn.k_proj.bias": (512,),
        },
    ),
    ("text encoder", "Gemma 2 2B", {"model.layers.0.post_feedforward_layernorm.weight": (2304,)}),
    ("text encoder", None, {**_LLAMA, "model.embed_tokens.weight": (32000, 4096)}),
    ("clip vision", "ViT-H", {f"{_VISION}.0.layer_norm1.weight": (1280,), f"{_VISION}.30.layer_norm1.weight": (1280,)}),
    (
        "clip vision",
        "SigLIP",
        {f"{_VISION}.0.layer_norm1.weight": (1152,), f"{_VISION}.22.layer_norm1.weight": (1152,)},
    ),
    ("controlnet", "SD 1.5", _under("control_model.", {**SD15_UNET, "zero_convs.0.0.weight": (320, 320, 1, 1)})),
    ("controlnet", "SDXL", {**SDXL_UNET, "zero_convs.0.0.weight": (320, 320, 1, 1)}),
    (
        "controlnet",
        "SDXL",
        {
            "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
        },
    ),
    ("controlnet", "Flux.1", {"controlnet_blocks.0.weight": (3072, 3072), "controlnet_x_embedder.weight": (3072, 64)}),
    ("controlnet", None, {"lora_controlnet": (1,), "input_blocks.1.0.in_layers.2.up": (320, 128)}),
    ("ip adapter", "SD 1.5", {"image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768)}),
    (
        "ip adapter",
        "SDXL",
        {"ip_adapter.0.to_q_lora.down.weight": (128, 640), "ip_adapter.1.to_k_ip.weight": (640, 2048)},
    ),
    ("style model", "Flux.1", {"redux_down.weight": (4096, 12288), "redux_up.weight": (12288, 1152)}),
    ("motion module", "SD 1.5", {"down_blocks.3.motion_modules.0.temporal_transformer.norm.weight": (1280,)}),
    ("upscaler", "ESRGAN", {"model.0.weight": (64, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}),
    ("upscaler", "Real-ESRGAN", {"conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (32, 64, 3, 3)}),
    (
        "upscaler",
        "SwinIR",
        {
            "conv_first.weight": (180, 3, 3, 3),
            "layers.0.residual_group.blocks.0.attn.relative_position_bias_table": (225, 6),
        },
    ),
    ("frame interpolation", "RIFE", {"module.block0.conv0.0.0.weight": (96, 7, 3, 3)}),
    ("embedding", "SD 1.5", {"emb_params": (8, 768)}),
    ("embedding", "SDXL", {"clip_l": (2, 768), "clip_g": (2, 1280)}),
]


def lora(layers: Shapes, rank: int, *, down: str = "lora_down", up: str = "lora_up") -> dict[str, tuple[int, ...]]:
    """The two small tensors of each layer, whose shape is that of its weight."""
    parts: dict[str, tuple[int, ...]] = {}
    for name, (outputs, inputs) in layers.items():
        parts[f"{name}.{down}.weight"] = (rank, inputs)
        parts[f"{name}.{up}.weight"] = (outputs, rank)
    return parts


_KOHYA = ("lora_down", "lora_up")
_PEFT = ("lora_A", "lora_B")

# Family, the layers by the name that the LoRA has them under, and the names of its parts.
LORAS: list[tuple[str | None, Shapes, tuple[str, str]]] = [
    ("SD 1.5", {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": (320, 768)}, _KOHYA),
    ("SD 2", {"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": (1280, 1024)}, _KOHYA),
    ("SDXL", {"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (640, 2048)}, _KOHYA),
    ("SDXL", {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_v": (640, 2048)}, _PEFT),
    (
        "SDXL",
        {
            "lora_te1_text_model_encoder_layers_0_mlp_fc1": (3072, 768),
            "lora_te2_text_model_encoder_layers_0_mlp_fc1": (5120, 1280),
        },
        _KOHYA,
    ),
    (None, {"lora_te_text_model_encoder_layers_0_mlp_fc1": (3072, 768)}, _KOHYA),
    (
        "Flux.1",
        {"lora_unet_double_blocks_0_img_attn_qkv": (9216, 3072), "lora_unet_single_blocks_3_linear1": (21504, 3072)},
        _KOHYA,
    ),
    ("Flux.1", {"transformer.single_transformer_blocks.0.attn.to_q": (3072, 3072)}, _PEFT),
    ("Flux.2", {"lora_unet_single_blocks_3_linear1": (27648, 3072)}, _KOHYA),
    ("Flux.2", {"diffusion_model.double_blocks.0.img_attn.qkv": (18432, 6144)}, _PEFT),
    (
        "Flux.1",
        {
            "lora_unet_double_blocks_18_txt_attn_qkv": (9216, 3072),
            "lora_unet_double_blocks_18_img_attn_qkv": (9216, 3072),
        },
        _KOHYA,
    ),
    (
        "Flux.1",
        {"lora_unet_double_blocks_0_img_mlp_0": (12288, 3072), "lora_unet_double_blocks_0_img_mlp_2": (3072, 12288)},
        _KOHYA,
    ),
    (None, {"lora_unet_double_blocks_0_img_attn_qkv": (9216, 3072)}, _KOHYA),
    (
        "SD 1.5",
        {"unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.processor.to_k": (1280, 768)},
        ("lora.down", "lora.up"),
    ),
    ("SDXL", {"unet.base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (640, 2048)}, _PEFT),
    (
        "Anima",
        {
            "lora_unet_blocks_0_cross_attn_k_proj": (2048, 1024),
            "lora_unet_llm_adapter_blocks_0_self_attn_q_proj": (1024, 1024),
        },
        _KOHYA,
    ),
    ("Cosmos Predict2/Anima", {"lora_unet_blocks_0_cross_attn_k_proj": (2048, 1024)}, _KOHYA),
    ("Chroma", {"diffusion_model.distilled_guidance_layer.layers.0.in_layer": (5120, 5120)}, _PEFT),
    ("Hunyuan Video", {"lora_unet_double_blocks_0_img_mlp_fc1": (12288, 3072)}, _KOHYA),
    ("Hunyuan Video", {"diffusion_model.single_blocks.39.linear1": (21504, 3072)}, _PEFT),
    ("Qwen-Image", {"transformer_blocks.0.img_mlp.net.0.proj": (12288, 3072)}, ("lora_A.default", "lora_B.default")),
    ("Qwen-Image", {"transformer.transformer_blocks.59.attn.add_k_proj": (3072, 3072)}, _PEFT),
    ("SD 3", {"transformer.transformer_blocks.0.attn.add_k_proj": (1536, 1536)}, _PEFT),
    ("SD 3", {"lora_unet_joint_blocks_0_context_block_attn_qkv": (4608, 1536)}, _KOHYA),
    ("Wan 2.1", {"diffusion_model.blocks.0.self_attn.k": (1536, 1536)}, _PEFT),
    ("Wan 2.2", {"lora_unet_blocks_0_cross_attn_k": (3072, 3072)}, _KOHYA),
    ("Wan 2.1/2.2", {"diffusion_model.blocks.0.cross_attn.k": (5120, 5120)}, _KOHYA),
    ("Z-Image", {"diffusion_model.layers.0.attention.to_k": (3840, 3840)}, _PEFT),
    ("Lumina 2", {"diffusion_model.layers.0.attention.qkv": (4608, 2304)}, _PEFT),
    ("LTX Video", {"diffusion_model.transformer_blocks.0.attn1.to_k": (2048, 2048)}, _PEFT),
    ("HiDream-I1", {"diffusion_model.double_stream_blocks.0.block.attn1.to_q": (2560, 2560)}, _PEFT),
    (None, {"diffusion_model.something_new.0.weight": (64, 64)}, _PEFT),
]
