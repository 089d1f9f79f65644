from .uv_command import UVCommand as UVCommand
